import { describe, expect, it } from "vitest";
import { bootFault } from "./boot-fault.ts";
import { MissingDatabaseError } from "./xmtp/open-client.ts";
import { MissingConversationError } from "./xmtp/own-conversation.ts";

describe("what is told of a boot that failed", () => {
  it.each([
    [new MissingDatabaseError(), "database-missing"],
    [new MissingConversationError(), "conversation-missing"],
    [Object.assign(new Error("words of a person"), { name: "words", code: "of a person" }), "unexpected"],
    ["words of a person", "unexpected"],
  ])("is a code, whatever the error holds: %s", (error, code) => {
    expect(bootFault(error)).toBe(code);
  });
});
