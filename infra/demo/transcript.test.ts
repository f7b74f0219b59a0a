import { describe, expect, it } from "vitest";
import { formatEntry, readEntries } from "./transcript.ts";

const ada = { inboxId: "a1", name: "Ada", isAgent: false, isSelf: true };
const bob = { inboxId: "b2b2b2b2b2", name: "Bob", isAgent: false, isSelf: false };
const marco = { inboxId: "c3", name: "Marco", isAgent: true, isSelf: false };
const unnamed = { ...bob, name: "b2b2b2b2" };

const PRINTED = [
  { event: "joined", conversationId: "g", name: "Marco", inboxId: "a1", isNew: true },
  { event: "member-joined", member: ada, isHistory: false },
  { event: "member-joined", member: ada, isHistory: false },
  { event: "member-joined", member: unnamed, isHistory: false },
  { event: "message", id: "m1", at: "2026-01-01", from: bob, text: "What time is it?", isHistory: false },
  { event: "message", id: "m2", at: "2026-01-01", from: marco, text: "It is 09:41 UTC.", isHistory: false },
  { event: "message", id: "m3", at: "2026-01-01", from: ada, text: "Thanks!", isHistory: false },
  { event: "reaction", at: "2026-01-01", from: marco, emoji: "👀", to: "m3", isHistory: false },
  { event: "reaction", at: "2026-01-01", from: marco, emoji: "👀", to: "elsewhere", isHistory: false },
  { event: "ending", from: ada, isHistory: false },
  { event: "member-left", member: bob, isHistory: false },
  { event: "ended" },
];

describe("what a chat printed", () => {
  it("is read as who did what, by their names, at no particular time", () => {
    expect(readEntries(PRINTED)).toEqual([
      { kind: "joins", who: "Ada" },
      { kind: "joins", who: "Bob" },
      { kind: "says", who: "Bob", text: "What time is it?" },
      { kind: "says", who: "Marco", text: "It is 12:00 UTC." },
      { kind: "says", who: "Ada", text: "Thanks!" },
      { kind: "reacts", who: "Marco", emoji: "👀", to: "Thanks!" },
      { kind: "reacts", who: "Marco", emoji: "👀", to: "a message that this terminal has not shown" },
      { kind: "ends", who: "Ada" },
      { kind: "leaves", who: "Bob" },
      { kind: "out" },
    ]);
  });

  it("is shown as the terminal shows it", () => {
    expect(readEntries(PRINTED).slice(3).map(formatEntry)).toEqual([
      "Marco: It is 12:00 UTC.",
      "Ada: Thanks!",
      "* Marco reacts with 👀",
      "* Marco reacts with 👀",
      "* Ada ends the conversation",
      "* Bob has left",
      "* You are no longer a member of this conversation.",
    ]);
  });
});
