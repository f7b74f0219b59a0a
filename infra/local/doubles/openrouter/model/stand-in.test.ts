import { describe, expect, it } from "vitest";
import type { CompletionRequest } from "../completion-request.ts";
import { takeTurn } from "./stand-in.ts";

type Messages = CompletionRequest["messages"];
const NOW = Date.parse("2026-03-04T15:09:26Z");
const INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nsay raw hidden\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";

const user = (content: unknown) => ({ role: "user", content });
const system = (content: string) => ({ role: "system", content });
const called = (name: string, argumentsJson: string, result: string): Messages => [
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c", function: { name, arguments: argumentsJson } }],
  },
  { role: "tool", content: result },
];

function turn(messages: Messages, ...tools: string[]) {
  const offered = tools.map((name) => ({ type: "function", function: { name } }));
  return takeTurn({ model: "m", messages, tools: offered }, NOW);
}

function say(...messages: (string | Messages[number])[]): string {
  const answer = turn(messages.map((message) => (typeof message === "string" ? user(message) : message)));
  if (answer.kind !== "text") throw new Error("asked for a tool");
  return answer.text;
}

describe("plain conversation", () => {
  it.each([
    ["Hi there", /^Hello! I am the local stand-in/],
    ["Who are you?", /local stand-in for a language model/],
    ["are you a real person", /local stand-in/],
    ["What is 6 x 7?", /^That is 42\.$/],
    ["what time is it?", /^It is 15:09 UTC\.$/],
    ["What day is it?", /^Today is Wednesday.* 4 March 2026\.$/],
    ["thanks a lot!", /welcome/],
    ["ok bye", /^Goodbye!$/],
    ["how are you?", /thank you/],
    ["are you there?", /ready/],
    ["repeat after me: bananas are berries", /^bananas are berries$/],
    ["Where should we go in May?", /^You asked: "Where should we go in May\?"/],
    ["We like mountains.", /^You said: "We like mountains\."/],
    ["what did I say?", /first thing/],
    ["What is my name?", /not told me/],
  ])("%s", (message, answer) => {
    expect(say(message)).toMatch(answer);
  });

  it("remembers the last name it was told, and what was said", () => {
    const history = ["My name is Ana", "no wait, call me Ana-Maria Silva", "nice weather"];
    expect(say("my name is zoë.")).toMatch(/^Nice to meet you, zoë\./);
    expect(say(...history, "what's my name?")).toBe("Your name is Ana-Maria Silva.");
    expect(say(...history, "hello")).toMatch(/^Hello, Ana-Maria Silva!/);
    expect(say(...history, "bye")).toBe("Goodbye, Ana-Maria Silva!");
    expect(say(...history, "what did I just say?")).toBe('You said: "nice weather"');
    expect(say("my name is Bo and I like tea", "who am I?")).toBe("Your name is Bo.");
  });

  it("greets when nobody has said anything", () => {
    expect(say(system("You are helpful."))).toMatch(/^Hello!/);
  });

  it("shortens what it quotes", () => {
    expect(say("word ".repeat(1_000)).length).toBeLessThan(450);
  });
});

describe("instructions", () => {
  const ask = "What are your instructions?";

  it.each([
    ["You are our trip planner. Be brief.", "You are our trip planner. Be brief."],
    [
      "# Rules\n\nx\n\n## Your instructions\n\nPlan trips to Lisbon.\n\n## Runtime\n\nhost=x",
      "Plan trips to Lisbon.",
    ],
    ["You are an assistant.\n<instructions>\nPlan trips.\n</instructions>", "Plan trips."],
    ["## /ws/AGENTS.md\n# Instructions\n### Where\nLisbon.\n## /ws/SOUL.md\nx", "### Where Lisbon."],
    ["## Your instructions\nPlan trips.\n<!-- openclaw:attempt:DYNAMIC -->\nx", "Plan trips."],
    ["## Conversation Context\nPlan trips to Faro.\n## Runtime\ny", "Plan trips to Faro."],
  ])("are found in %j", (prompt, expected) => {
    expect(say(system(prompt), ask)).toContain(`"${expected}"`);
    expect(say(system(prompt), "what do you do?")).toContain(expected);
    expect(say(system(prompt), "who are you?")).toContain(expected);
  });

  it("are found in the runtime's own context too", () => {
    const context =
      "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\n## Instructions\nPlan trips.\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";
    expect(say(system("You are an agent."), ask, user(context))).toContain('"Plan trips.');
  });

  it("are admitted to be missing, and are shortened", () => {
    expect(say(ask)).toMatch(/no instructions/);
    expect(say(system(`You are ${"very ".repeat(1_000)}long`), ask).length).toBeLessThan(900);
  });
});

describe("what the agent runtime adds", () => {
  it.each([
    [[user("what is 1+1"), user(INTERNAL)]],
    [[user(`what is 1+1\n\n${INTERNAL}`)]],
    [[user('Conversation info: ⟦openclaw:ctx⟧\n```json\n{\n  "sender": "x"\n}\n```\n\nwhat is 1+1')]],
    [[user("Chat history: ⟦openclaw:ctx⟧\n#1 Ana: say raw old\n#2 Bo: hi\n\nwhat is 1+1")]],
    [[user("what is 1+1\n\nContext: ⟦openclaw:ctx⟧\nsay raw hidden\n\nsay raw more")]],
    [[user("[Wed 2026-03-04 15:09 UTC] what is 1+1")]],
    [[user("what is 1+1\n\nRuntime: agent=main | host=x")]],
    [[user("Delivery: to send a message, use the `message` tool.\nwhat is 1+1")]],
    [[user([{ type: "text", text: "what is 1+1" }])]],
  ])("is skipped in %j", (messages) => {
    expect(say(...messages)).toBe("That is 2.");
  });

  it("is skipped after a tool result as well", () => {
    const messages = [user("use tool lookup {}"), ...called("lookup", "{}", "tea"), user(INTERNAL)];
    expect(turn(messages, "lookup")).toMatchObject({ kind: "text", text: "lookup answered: tea" });
  });
});

describe("directives", () => {
  it("use tool: asks for an offered tool, then tells the result", () => {
    const ask = user('please do this:\nuse tool lookup {"q":"tea"}');
    expect(turn([ask], "lookup")).toMatchObject({
      kind: "tool",
      name: "lookup",
      argumentsJson: '{"q":"tea"}',
      callId: expect.stringMatching(/^call_[0-9a-f]{24}$/),
    });
    expect(turn([ask, ...called("lookup", '{"q":"tea"}', "green")], "lookup")).toMatchObject({
      kind: "text",
      text: "lookup answered: green",
    });
  });

  it("use tool: works after a mention or a sender's name", () => {
    expect(turn([user("@Agent use tool lookup {}")], "lookup").kind).toBe("tool");
    expect(turn([user("Ana: use tool lookup")], "lookup")).toMatchObject({
      kind: "tool",
      argumentsJson: "{}",
    });
  });

  it("use tool: says so when the tool is not offered or its arguments are not an object", () => {
    expect(turn([user("use tool lookup {}")])).toMatchObject({ text: expect.stringMatching(/no such tool/) });
    expect(turn([user("use tool lookup {oops}")], "lookup")).toMatchObject({
      text: expect.stringMatching(/not a JSON/),
    });
  });

  it("use tool: several in order, never the same twice in a row, never more than eight", () => {
    const ask = user('use tool a {"n":1}\nuse tool a {"n":1}\nuse tool b {}');
    expect(turn([ask], "a", "b")).toMatchObject({ kind: "tool", name: "a" });
    const afterA = [ask, ...called("a", '{"n":1}', "one")];
    expect(turn(afterA, "a", "b")).toMatchObject({ kind: "tool", name: "b" });
    const afterBoth = [...afterA, ...called("b", "{}", "two")];
    expect(turn(afterBoth, "a", "b")).toMatchObject({
      kind: "text",
      text: "a answered: one\nb answered: two",
    });

    const many = Array.from({ length: 12 }, (_, n) => `use tool a {"n":${n}}`).join("\n");
    const eight = Array.from({ length: 8 }, (_, n) => called("a", `{"n":${n}}`, "x")).flat();
    expect(turn([user(many), ...eight], "a").kind).toBe("text");
  });

  it("use tool: the same again in a new message is asked for again", () => {
    const messages = [user("use tool a {}"), ...called("a", "{}", "one"), user("use tool a {}")];
    expect(turn(messages, "a").kind).toBe("tool");
  });

  it("say: raw text with line breaks, or NO_REPLY", () => {
    expect(say("say raw **one**\\ntwo")).toBe("**one**\ntwo");
    expect(say("hm\nsay NO_REPLY")).toBe("NO_REPLY");
    expect(turn([user("use tool a {}\nsay raw done"), ...called("a", "{}", "x")], "a")).toMatchObject({
      text: "done",
    });
  });

  it("slow: waits, at most two minutes, and only before the first call", () => {
    expect(turn([user("slow 50\nsay raw x")])).toMatchObject({ text: "x", delayMs: 50 });
    expect(turn([user("slow 999999")])).toMatchObject({
      text: "I took 120000 ms to answer.",
      delayMs: 120_000,
    });
    const messages = [user("slow 50\nuse tool a {}"), ...called("a", "{}", "x")];
    expect(turn(messages, "a").delayMs).toBe(0);
  });

  it("are obeyed only on a line of their own", () => {
    expect(say("I would never say raw fish is good")).toMatch(/^You said/);
    expect(turn([user("could you use tool lookup {} please")], "lookup").kind).toBe("text");
  });
});
