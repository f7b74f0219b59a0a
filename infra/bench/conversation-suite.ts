import type { DecodedMessage } from "@xmtp/node-sdk";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { TURNS_PER_WINDOW } from "../../agent/server/state/turn-ledger.ts";
import { EYES } from "../../agent/server/talk/eyes.ts";
import { EYES_AFTER_MS } from "../../agent/server/talk/pending-eyes.ts";
import { type BenchAgent, ConversationWorld } from "./conversation-world.ts";
import type { Output } from "./output.ts";
import type { Sample } from "./samples.ts";

const Reaction = Type.Object({ content: Type.Literal(EYES), reference: Type.String() });

export interface ConversationSuite {
  /** Starts of a real agent; the last of them talks. */
  boots: number;
  /** Messages that are answered. */
  turns: number;
  /** Messages that are only read, decided by their words, and as many decided by a model. */
  silences: number;
  /** People who join, each another agent. */
  greetings: number;
}

/** A real agent (openclaw with a model that answers at once) and people on XMTP, on the people's clocks. */
export async function conversationSuite(output: Output, amounts: ConversationSuite): Promise<void> {
  output.measures({
    latency: "from sending to the arrival at the person",
    clocks: { acknowledgedMs: "let in", liveMs: "arrived" },
  });
  await using world = await ConversationWorld.open();
  await benchGreetings(output, world, amounts.greetings);
  const boots: BenchAgent[] = [];
  await output.run("start of the process → report of being idle", async () => {
    const samples: Sample[] = [];
    for (let boot = 1; boot <= amounts.boots; boot += 1) {
      await boots.pop()?.[Symbol.asyncDispose]();
      const agent = await world.startAgent("openclaw");
      boots.push(agent);
      output.say(`boot ${boot}: ${Math.round(agent.bootMs)} ms`);
      // Boots are one run, not the load over time.
      samples.push(sample(0, agent.bootMs));
    }
    return samples;
  });
  await using agent = boots.pop();
  if (agent === undefined) return;
  await benchTalk(output, world, agent, amounts);
}

/** No model is asked for a greeting, so these agents run without openclaw. */
async function benchGreetings(output: Output, world: ConversationWorld, n: number): Promise<void> {
  const sinceIn: Sample[] = [];
  await output.run("asking to be let in → greeting (agents without openclaw)", async () => {
    const sinceAsked: Sample[] = [];
    for (let index = 0; index < n; index += 1) {
      await using agent = await world.startAgent("echo");
      await using person = await world.person("Ada");
      const { askedMs, enteredMs } = await person.join(await agent.claim());
      const greetedMs = await person.arrivalMs((message) => isText(message, agent));
      sinceAsked.push(sample(0, greetedMs && greetedMs - askedMs, enteredMs - askedMs));
      sinceIn.push(sample(0, greetedMs && greetedMs - enteredMs));
    }
    return sinceAsked;
  });
  await output.run("let in → greeting (the same)", async () => sinceIn);
}

async function benchTalk(
  output: Output,
  world: ConversationWorld,
  agent: BenchAgent,
  { turns, silences }: ConversationSuite,
): Promise<void> {
  await using ada = await world.person("Ada");
  const idle = await agent.memory();
  const invite = await agent.claim();
  const { group } = await ada.join(invite);
  await ada.arrivalMs((message) => isText(message, agent));
  await output.run("message → first reply, two in the room", () =>
    repeat(turns, async (index, startedMs) => {
      if (index % (TURNS_PER_WINDOW / 2) === 0) agent.allowTurns();
      return ada.measure(group, `What is ${index} plus 1?`, (message) => isText(message, agent), startedMs);
    }),
  );
  const after = await agent.memory();
  output.note(
    `Resident memory, MiB: server ${idle.server} idle, ${after.server} after ${turns} turns; gateway ${idle.gateway} idle, ${after.gateway} after them.`,
  );
  await using bob = await world.person("Bob");
  await bob.join(invite);
  const silence = async (by: "words" | "model", what: string, text: (index: number) => string) => {
    const before = agent.decisions(by);
    await output.run(`message → ${EYES}, three in the room, ${what}`, () =>
      repeat(silences, (index, startedMs) =>
        ada.measure(group, text(index), (message, sentId) => isEyes(message, agent, sentId), startedMs),
      ),
    );
    const decided = agent.decisions(by) - before;
    if (decided !== silences) throw new Error(`${decided} of ${silences} were decided by ${by}`);
  };
  await silence("words", "decided by the words", () => "haha, nice");
  await silence("model", "decided by a model", (index) => `It rained in valley number ${index}.`);
  output.note(
    `Of the time to ${EYES} ${EYES_AFTER_MS} ms are a wait for what may follow: a burst gets them once.`,
  );
}

/** Whether a message is the eyes on another. */
const isEyes = ({ senderInboxId, content }: DecodedMessage, { inboxId }: BenchAgent, on: string): boolean =>
  senderInboxId === inboxId && Value.Check(Reaction, content) && content.reference === on;

async function repeat(
  n: number,
  once: (index: number, startedMs: number) => Promise<Sample>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  for (let index = 0; index < n; index += 1) samples.push(await once(index, startedMs));
  return samples;
}

const isText = ({ senderInboxId, content }: DecodedMessage, { inboxId }: BenchAgent): boolean =>
  senderInboxId === inboxId && typeof content === "string";

const sample = (dueMs: number, liveMs: number | undefined, acknowledgedMs?: number): Sample => ({
  ...{ dueMs, lateMs: 0, acknowledgedMs, liveMs },
  failure: liveMs === undefined ? "nothing-arrived" : undefined,
});
