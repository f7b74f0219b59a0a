import { describe, expect, it } from "vitest";
import { type AttentionFacts, attend, type HeardMessage } from "./gate.ts";
import { SNIPPETS, type Snippet } from "./testdata/snippets.ts";

const PEOPLE = ["Ada", "Bob", "Cleo"] as const;
const LINE = /^(?<who>\w+)(?: > (?<whom>\w+))?: (?<text>.*)$/su;

function heard(line: string): HeardMessage {
  const { who = "", whom, text = "" } = LINE.exec(line)?.groups ?? {};
  return {
    senderInboxId: who,
    text,
    repliesTo: whom === undefined ? undefined : whom === "us" ? "us" : "another",
  };
}

const factsOf = ({ said, after, room = PEOPLE }: Snippet): AttentionFacts => ({
  agentName: "Walrus",
  others: room.map((name) => ({ inboxId: name, name })),
  messages: said.map(heard),
  wasLastToSpeak: after !== undefined,
  awaits: after?.split(" ")[1],
});

const decided = (snippet: Snippet): string => {
  const { outcome, reason } = attend(factsOf(snippet));
  return outcome === "ask" ? "model" : `${outcome} ${reason}`;
};

describe("attend", () => {
  it.each(SNIPPETS)("$after $said → $decided", (snippet) => {
    expect(decided(snippet)).toBe(snippet.decided);
  });

  it("is shown by sixty snippets, forty of which need no model", () => {
    const certain = SNIPPETS.filter((snippet) => snippet.decided !== "model");
    expect(SNIPPETS.length).toBeGreaterThanOrEqual(60);
    expect(certain.length).toBeGreaterThanOrEqual(40);
  });

  it("answers what came to the agent from outside the room", () => {
    const facts = factsOf({ said: ["outside: Your code is 1234"], decided: "model" });
    const fromOutside = facts.messages.map((message) => ({ ...message, senderInboxId: "outside:sms" }));
    expect(attend({ ...facts, messages: fromOutside })).toEqual({ outcome: "turn", reason: "outside" });
    // Somebody who has just left the room is not outside in that sense.
    expect(
      attend({
        ...facts,
        messages: [{ ...fromOutside[0], senderInboxId: "gone", text: "lol", repliesTo: undefined }],
      }).outcome,
    ).toBe("silent");
  });

  it.each([
    ["Ada Lovelace", "lovelace wrote it", false],
    ["Ada Lovelace", "ada, look", true],
    ["Ada Lovelace", "ask ADA LOVELACE", true],
    ["Zoë", "zoë?", true],
    ["Al B", "al is here", false],
    ["C++ (bot)", "is c++ here", false],
    ["C++ (bot)", "c bot, hello", true],
    ["🦭", "🦭 hello", false],
  ])("takes %s to be named in '%s': %s", (agentName, text, isNamed) => {
    const facts = factsOf({ said: [`Ada: ${text}`], decided: "model" });
    expect(attend({ ...facts, agentName }).reason === "named").toBe(isNamed);
  });
});
