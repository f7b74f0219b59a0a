import { type Group, isAttachment } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { ECHO_FILE, HOLD_VARIABLE, REQUESTS, TURN_TAKEN_EVENT } from "./testing/echo-brain.ts";
import { CLAIM_ID, joinByUrl, type Person, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const GREETING = "Hi, I'm Agent. What can I help you with?";

const held = (): Record<string, string> => ({ [HOLD_VARIABLE]: world.holdFile });

interface Conversation {
  agent: AgentProcess;
  ada: Person;
  group: Group<unknown>;
  agentInbox: string;
}

async function converse(environment: Readonly<Record<string, string>> = {}): Promise<Conversation> {
  const agent = await world.startReadyAgent(1, environment);
  const { inboxId } = await agent.status();
  const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
  const ada = await world.person();
  const group = await joinByUrl(ada, inviteUrl);
  const agentInbox = inboxId ?? "";
  await eventually("the greeting", async () => (await textsFrom(group, agentInbox)).length > 0);
  return { agent, ada, group, agentInbox };
}

/** What the agent has said, once `last` is among it and something later has been answered too. */
async function saidUpTo({ group, agentInbox }: Conversation, last: string): Promise<string[]> {
  await eventually(last, async () => (await textsFrom(group, agentInbox)).includes(last), 40_000);
  await group.sendText("and now?");
  await eventually("the last answer", async () =>
    (await textsFrom(group, agentInbox)).includes("echo: and now?"),
  );
  return textsFrom(group, agentInbox);
}

const filesIn = async ({ group }: Conversation): Promise<(string | undefined)[]> => {
  await group.sync();
  return (await group.messages()).filter(isAttachment).map(({ content }) => content?.filename);
};

describe("delivery", () => {
  it("answers once what was asked before a kill between question and answer", async () => {
    const conversation = await converse(held());
    await conversation.group.sendText("Where to?");
    await eventually("the turn", () => conversation.agent.logged(TURN_TAKEN_EVENT));
    await conversation.agent.kill();
    await world.startReadyAgent(2);
    expect(await saidUpTo(conversation, "echo: Where to?")).toEqual([
      GREETING,
      "echo: Where to?",
      "echo: and now?",
    ]);
  });

  it("answers as one turn what was said while it was away, and nothing twice", async () => {
    const conversation = await converse();
    await conversation.group.sendText("before");
    await eventually("the answer", async () =>
      (await textsFrom(conversation.group, conversation.agentInbox)).includes("echo: before"),
    );
    await conversation.agent.kill();
    await conversation.group.sendText("one");
    await conversation.group.sendText("two");
    await world.startReadyAgent(2);
    expect(await saidUpTo(conversation, "echo: one | two")).toEqual([
      GREETING,
      "echo: before",
      "echo: one | two",
      "echo: and now?",
    ]);
  });

  it.each([
    ["took but did not acknowledge", "after", 1],
    ["took several times without acknowledging", "after", 5],
    ["did not take until after libxmtp gave the message up", "before", 5],
  ] as const)(
    "says once what the node %s",
    async (_what, when, times) => {
      const conversation = await converse(held());
      await conversation.group.sendText("Where to?");
      await eventually("the turn", () => conversation.agent.logged(TURN_TAKEN_EVENT));
      world.node.faults.add({ method: "SendGroupMessages", when, kind: "unavailable", times });
      await world.release();
      await eventually("the faults to have hit", () => world.node.faults.list().length === 0, 40_000);
      expect(await saidUpTo(conversation, "echo: Where to?")).toEqual([
        GREETING,
        "echo: Where to?",
        "echo: and now?",
      ]);
    },
    90_000,
  );

  it.each([
    ["took but did not acknowledge", "after", 1],
    ["did not take until after libxmtp gave it up", "before", 5],
  ] as const)(
    "sends once the file that the node %s",
    async (_what, when, times) => {
      const conversation = await converse(held());
      await conversation.group.sendText(REQUESTS.file);
      await eventually("the turn", () => conversation.agent.logged(TURN_TAKEN_EVENT));
      world.node.faults.add({ method: "SendGroupMessages", when, kind: "unavailable", times });
      await world.release();
      await eventually("the faults to have hit", () => world.node.faults.list().length === 0, 40_000);
      await saidUpTo(conversation, `echo: ${REQUESTS.file}`);
      expect(await filesIn(conversation)).toEqual([ECHO_FILE.filename]);
    },
    90_000,
  );

  it.each([["had"], ["had not"]])(
    "sends once the file that the node %s taken when it was killed",
    async (had) => {
      const conversation = await converse(held());
      await conversation.group.sendText(REQUESTS.file);
      await eventually("the turn", () => conversation.agent.logged(TURN_TAKEN_EVENT));
      const when = had === "had" ? "after" : "before";
      world.node.faults.add({ method: "SendGroupMessages", when, kind: "hang" });
      const sendsBefore = world.node.calls.get("SendGroupMessages") ?? 0;
      await world.release();
      await eventually(
        "it to be on its way",
        () => (world.node.calls.get("SendGroupMessages") ?? 0) > sendsBefore,
      );
      await conversation.agent.kill();
      world.node.faults.clear();
      await world.startReadyAgent(2, held());
      await saidUpTo(conversation, `echo: ${REQUESTS.file}`);
      expect(await filesIn(conversation)).toEqual([ECHO_FILE.filename]);
    },
  );

  it("says once what it was saying when it was killed", async () => {
    const conversation = await converse(held());
    await conversation.group.sendText("Where to?");
    await eventually("the turn", () => conversation.agent.logged(TURN_TAKEN_EVENT));
    world.node.faults.add({ method: "SendGroupMessages", when: "after", kind: "hang" });
    const sendsBefore = world.node.calls.get("SendGroupMessages") ?? 0;
    await world.release();
    await eventually(
      "the answer to be on its way",
      () => (world.node.calls.get("SendGroupMessages") ?? 0) > sendsBefore,
    );
    await conversation.agent.kill();
    world.node.faults.clear();
    await world.startReadyAgent(2, held());
    expect(await saidUpTo(conversation, "echo: Where to?")).toEqual([
      GREETING,
      "echo: Where to?",
      "echo: and now?",
    ]);
  });

  it("answers once after an outage of the network", async () => {
    const conversation = await converse();
    await conversation.group.sendText("before");
    await eventually("the answer", async () =>
      (await textsFrom(conversation.group, conversation.agentInbox)).includes("echo: before"),
    );
    await world.restartNode(async () => {
      await eventually("the agent to notice", async () => !(await conversation.agent.status()).ready);
    });
    await eventually("the network to be back", async () => {
      try {
        await conversation.group.sync();
        return true;
      } catch {
        // Ada's client has not found back yet.
        return false;
      }
    });
    await conversation.group.sendText("after");
    expect(await saidUpTo(conversation, "echo: after")).toEqual([
      GREETING,
      "echo: before",
      "echo: after",
      "echo: and now?",
    ]);
    await eventually("readiness", async () => (await conversation.agent.status()).ready);
  }, 90_000);
});
