import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { eventually } from "../testing/eventually.ts";
import { differences } from "./check.ts";
import { normalReceipt, type Recording } from "./document.ts";
import { DemoPerson } from "./person.ts";
import {
  AGENT,
  BEFORE_THE_SECOND,
  DECISIONS,
  type Decision,
  ENDING,
  EXPECTED,
  FIRST,
  INSTRUCTIONS,
  type Line,
  SECOND,
  WITH_BOTH,
} from "./scene.ts";
import type { DemoStack } from "./stack.ts";
import { describeEntry, type Entry } from "./transcript.ts";

const IDLE_MS = 300_000;
const GONE_MS = 60_000;
/** So long after the last word nobody says anything that was not to be said. */
const QUIET_MS = 5_000;

const Claimed = Type.Object({ instanceId: Type.String(), inviteUrl: Type.String() });
const LoggedDecision = Type.Object({
  event: Type.Literal("attention"),
  isWanted: Type.Boolean(),
  decidedBy: Type.Union([Type.Literal("words"), Type.Literal("model")]),
  reason: Type.String(),
});

/** Claims an agent, has two people talk in its conversation, and ends it. Throws where it cannot go on. */
export async function play(
  stack: DemoStack,
  note: (text: string) => void,
): Promise<{ readonly recording: Recording; readonly violations: readonly string[] }> {
  const { instanceId, inviteUrl } = await claim(stack, note);
  const folder = join(stack.state, "agents", `cv-local-${instanceId}`);
  const ada = new DemoPerson(FIRST, stack.openChat(inviteUrl, FIRST));
  await ada.sees("the greeting", isOfAgent, 1);
  await talk(BEFORE_THE_SECOND, [ada], note);
  const bob = new DemoPerson(SECOND, stack.openChat(inviteUrl, SECOND));
  const joins = ({ kind }: Entry): boolean => kind === "joins";
  await ada.sees(`${SECOND} join`, joins, 2);
  await bob.sees("the conversation", joins, 1);
  await talk(WITH_BOTH, [ada, bob], note);
  await remainsQuiet(ada);

  const conversation = ada.entries;
  const heardByBob = bob.entries;
  const decisions = await decisionsIn(join(folder, "agent.log"));
  note(`${FIRST} explodes the conversation`);
  ada.says("/explode");
  await Promise.all([ada.leaves(), bob.leaves()]);
  // Ada and the agent both remove everybody: whose removal comes first, and who is seen leaving, is chance.
  const ending = bob.entries.slice(heardByBob.length).filter(({ kind }) => kind !== "leaves");
  const ended = await stack.ask("explode", instanceId);
  const receipt = await stack.run("verify-receipt", instanceId);
  const { violations: breaches } = await stack.ask("audit");
  const isGone = (): boolean => !existsSync(folder);
  await eventually("the agent's folder is gone", isGone, GONE_MS);

  const inBobsTime = EXPECTED.slice(EXPECTED.findLastIndex(joins));
  const violations = [
    ...differences("What Ada sees", { expected: EXPECTED, actual: conversation }, describeEntry),
    ...differences("What Bob sees", { expected: inBobsTime, actual: heardByBob }, describeEntry),
    ...differences("How it ends for Bob", { expected: ENDING, actual: ending }, describeEntry),
    ...differences("What the agent decided", { expected: DECISIONS, actual: decisions }, showDecision),
    ...unless(ada.told({ event: "exploded", failed: [] }), "some step of the explosion failed"),
    ...unless(ended.endReason === "exploded-by-member", `it ended otherwise: ${ended.endReason}`),
    ...unless(receipt.code === 0, "the signature of the receipt is wrong"),
    ...unless(isDeepStrictEqual(breaches, []), "the audit found something"),
  ];
  const printed = normalReceipt(receipt.stdout, instanceId);
  return { recording: { conversation, ending, receipt: printed }, violations };
}

async function claim(stack: DemoStack, note: (text: string) => void): Promise<Static<typeof Claimed>> {
  note("waiting for an agent to be idle");
  const isIdle = async (): Promise<boolean> =>
    Number(Object(Object((await stack.ask("status")).pool).counts).idle) > 0;
  await eventually("an agent is idle", isIdle, IDLE_MS);
  await stack.ask("pool", "pause", "the demonstration needs one agent");
  note(`claiming ${AGENT}`);
  return Value.Parse(Claimed, await stack.ask("claim", "--name", AGENT, "--instructions", INSTRUCTIONS));
}

/** Each line is said when what came of the one before has been seen on every terminal. */
async function talk(
  lines: readonly Line[],
  people: readonly DemoPerson[],
  note: (text: string) => void,
): Promise<void> {
  for (const { who, says } of lines) {
    note(`${who}: ${says}`);
    const before = people.map(({ entries }) => entries.filter(isOfAgent).length);
    people.find(({ name }) => name === who)?.says(says);
    for (const [index, person] of people.entries())
      await person.sees(`what comes of "${says}"`, isOfAgent, (before[index] ?? 0) + 1);
  }
}

/** Gives what should not be said the time to be said. */
async function remainsQuiet(person: DemoPerson): Promise<void> {
  const { length } = person.entries;
  const untilMs = Date.now() + QUIET_MS;
  await eventually("it stays quiet", () => person.entries.length > length || Date.now() > untilMs);
}

const isOfAgent = (entry: Entry): boolean =>
  (entry.kind === "says" || entry.kind === "reacts") && entry.who === AGENT;

async function decisionsIn(logFile: string): Promise<Decision[]> {
  const lines = (await readFile(logFile, "utf8")).split("\n").filter((line) => line.startsWith("{"));
  return lines.flatMap((line) => {
    const event: unknown = JSON.parse(line);
    if (!Value.Check(LoggedDecision, event)) return [];
    const { isWanted, decidedBy, reason } = event;
    return [{ isWanted, decidedBy, reason }];
  });
}

const showDecision = ({ isWanted, decidedBy, reason }: Decision): string =>
  `${isWanted ? "answer" : "silence"}, ${reason}, by ${decidedBy}`;

const unless = (holds: boolean, violation: string): string[] => (holds ? [] : [violation]);
