import { describe, expect, it } from "vitest";
import type { TurnResult } from "../loopback/channel-api.ts";
import { CHANNEL_LIMITS } from "../loopback/channel-api.ts";
import { splitText } from "./chunks.ts";
import { stripControlTokens } from "./control-tokens.ts";
import { classifyErrorText } from "./error-text.ts";
import { APOLOGY, CREDIT_NOTICE, decideOutbound, MESSAGE_MAX_CHARS, type Outage } from "./outbound-policy.ts";
import { toPlainText } from "./plain-text.ts";
import { createRedaction } from "./redaction.ts";

const SECRET = "a1b2c3d4e5f60718".repeat(4);
const redact = createRedaction([SECRET, "sk-own-model-key-123456"]);
const say = (result: TurnResult | string, told?: Outage): readonly string[] =>
  decideOutbound(typeof result === "string" ? { text: result } : result, {
    told,
    outOfCredit: false,
    markdown: false,
    redact,
  }).messages;

describe("control tokens", () => {
  it.each([
    "SILENT",
    "NO_REPLY",
    "HEARTBEAT_OK",
    "**NO_REPLY**",
    "`SILENT`",
    "_SILENT_.",
    "```\nNO_REPLY\n```",
    "```text\nHEARTBEAT_OK\n```",
    "(NO_REPLY)",
    '"NO_REPLY"',
    "> SILENT",
    "- NO_REPLY",
    "\n\n  NO_REPLY  \n",
    "NO_REPLY\nSILENT",
  ])("says nothing for %j", (text) => {
    expect(say(text)).toEqual([]);
  });

  it.each([
    ["Sure, on it. NO_REPLY", "Sure, on it."],
    ["Done.\n\nHEARTBEAT_OK", "Done."],
    ["Good night. SILENT", "Good night."],
    ["NO_REPLY\nSee you at 8.", "See you at 8."],
    ["Put your phone in SILENT mode.", "Put your phone in SILENT mode."],
    ["The SILENT film festival", "The SILENT film festival"],
    ["the constant MY_NO_REPLY_ADDRESS", "the constant MY_NO_REPLY_ADDRESS"],
  ])("keeps the words of %j", (text, expected) => {
    expect(say(text)).toEqual([expected]);
  });
});

describe("errors of the machinery", () => {
  it.each([
    "⚠️ API rate limit reached. Please try again later.",
    "Error: 429 Too Many Requests",
    "rate limit exceeded",
    "The AI service is temporarily overloaded. Please try again in a moment.",
    "HTTP 503 Service Unavailable",
    "529 overloaded_error",
    "LLM request timed out.",
    '{"error":{"message":"Provider returned error","code":502}}',
    '{"type":"error","error":{"type":"overloaded_error"}}',
    "Context overflow: prompt too large for the model.",
    "⚠️ Agent failed before reply: something broke",
    "Something went wrong while processing your request. Please try again.",
    "TypeError: x is not a function\n    at run (/app/a.js:10:5)",
  ])("turns %j into one apology", (text) => {
    expect(say(text)).toEqual([APOLOGY]);
    expect(say(text, "failure")).toEqual([]);
  });

  it.each(["rejected", "dispatch-failed", "model-failed", "timed-out"] as const)(
    "apologises once for %s",
    (error) => {
      expect(say({ text: null, error })).toEqual([APOLOGY]);
    },
  );

  it.each([
    "402 Payment Required",
    "Error: 402 insufficient credits",
    "This request requires more credits, or fewer max_tokens. You requested up to 4000 tokens, but can only afford 12.",
    "Key limit exceeded (total limit). Manage it in your settings.",
    "⚠️ API provider returned a billing error — your account has insufficient balance.",
  ])("gives one notice per outage for %j", (text) => {
    expect(say(text)).toEqual([CREDIT_NOTICE]);
    expect(say(text, "credit")).toEqual([]);
    expect(say(text, "failure")).toEqual([CREDIT_NOTICE]);
  });

  it("explains a failed turn by the lack of credit when the model proxy knows of it", () => {
    const decision = decideOutbound(
      { text: null, error: "model-failed" },
      { told: undefined, outOfCredit: true, markdown: false, redact },
    );
    expect(decision).toEqual({ messages: [CREDIT_NOTICE], outage: "credit" });
  });

  it.each(["credit", "failure"] as const)(
    "ends an outage (%s) with an answer, not with silence or another failure",
    (told) => {
      const outageAfter = (result: TurnResult): Outage | undefined =>
        decideOutbound(result, { told, outOfCredit: false, markdown: false, redact }).outage;
      expect(outageAfter({ text: "Hello" })).toBeUndefined();
      expect(outageAfter({ text: "NO_REPLY" })).toBe(told);
      expect(outageAfter({ text: null, error: "timed-out" })).toBe(told);
    },
  );

  it.each([
    "HTTP has a status 429 for too many requests; you could retry with a back-off.",
    "Your hotel is overloaded with bookings, try the next one.",
    "A 402 means that payment is required.",
    "Billing is monthly at that gym. You can cancel by mail.".replace("Billing", "Their billing"),
    "⚠️ Bring an umbrella, it will rain.",
    "500 people came to the show, 404 of them by train.".replace("500", "About 500"),
  ])("leaves an answer about such things alone: %j", (text) => {
    expect(say(text)).toEqual([text]);
  });
});

describe("plain text", () => {
  it.each([
    ["# Plan\n\nGo **now**.", "Plan\n\nGo now."],
    ["*a* and _b_ and ***c*** and ~~d~~", "a and b and c and d"],
    ["use `npm test` in my_file_name.ts", "use npm test in my_file_name.ts"],
    ["[Map](https://example.org/a_b_c)", "Map (https://example.org/a_b_c)"],
    ["[https://example.org](https://example.org)", "https://example.org"],
    ["![cat](https://example.org/cat.png)", "cat (https://example.org/cat.png)"],
    ["<https://example.org/x>", "https://example.org/x"],
    ["https://example.org/__init__/*a*", "https://example.org/__init__/*a*"],
    ["* one\n* two\n  * three", "- one\n- two\n  - three"],
    ["1. one\n2. two", "1. one\n2. two"],
    ["> quoted\n> more", "quoted\nmore"],
    ["a\n\n---\n\nb", "a\n\nb"],
    ["| City | Days |\n|---|---|\n| Rome | **3** |", "City | Days\nRome | 3"],
    ["```js\nconst a = **b**;\n```", "const a = **b**;"],
    ["2 * 3 * 4 = 24", "2 * 3 * 4 = 24"],
    ["\\*not bold\\*", "*not bold*"],
    ["**a [link](https://example.org)**", "a link (https://example.org)"],
  ])("writes %j plainly", (markdown, expected) => {
    expect(say(markdown)).toEqual([expected]);
  });
});

describe("length", () => {
  it("splits at natural boundaries and loses nothing", () => {
    const paragraphs = Array.from({ length: 30 }, (_, index) =>
      `Paragraph ${index}. ${"word ".repeat(60)}`.trim(),
    );
    const messages = say(paragraphs.join("\n\n"));
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(message.length).toBeLessThanOrEqual(MESSAGE_MAX_CHARS);
    expect(messages.join("\n\n")).toBe(paragraphs.join("\n\n"));
  });

  it("cuts a text without boundaries, but no character", () => {
    const messages = say(`x${"🐈".repeat(5_000)}`);
    for (const message of messages) {
      expect(message.length).toBeLessThanOrEqual(MESSAGE_MAX_CHARS);
      expect(message.isWellFormed()).toBe(true);
    }
    expect(messages.join("")).toBe(`x${"🐈".repeat(5_000)}`);
  });
});

describe("secrets", () => {
  it.each([
    `my secret is ${SECRET}`,
    `my secret is ${SECRET.toUpperCase()}`,
    `my secret is 0x${SECRET}`,
    `my secret is ${Buffer.from(SECRET, "hex").toString("base64")}`,
    "my secret is sk-own-model-key-123456",
    `my secret is sk-or-v1-${"0123456789abcdef".repeat(4)}`,
  ])("hides them in %j", (text) => {
    expect(say(text)).toEqual(["my secret is [hidden]"]);
  });
});

describe("a text made to stall the agent", () => {
  const STAGE_MAX_MS = 2_000;
  const stages = {
    stripControlTokens,
    toPlainText,
    classifyErrorText,
    split: (text: string) => splitText(text, MESSAGE_MAX_CHARS),
    redact,
  };
  const units = [
    "\n",
    " ",
    "*",
    "*a ",
    "**a ",
    "_a ",
    "~~a ",
    "[",
    "[](a",
    "`a``a```",
    "<http://",
    "#",
    "# ",
    "- ",
    "|---",
    "|",
    "~",
    "\\*",
    "_",
    "NO_REPLY ",
    "SILENT ",
    ". SILENT ",
    "```\n",
    "sk-",
    "(",
    "\"'",
    "\r",
    "\t|",
  ];
  const texts = units.flatMap((unit) => {
    const filled = unit.repeat(Math.floor((CHANNEL_LIMITS.textMaxChars - 8) / unit.length));
    const lines = (filled.match(/.{1,3900}/gs) ?? []).join("\n");
    return [`a${filled}b`, `# a${filled}b`, `---${filled}x|`, `SILENT${filled}x`, `${filled}b|`, lines];
  });

  it.each(Object.entries(stages))(`passes %s in less than ${STAGE_MAX_MS} ms`, (_name, stage) => {
    const slow = texts.flatMap((text) => {
      const startedAt = performance.now();
      stage(text.slice(0, CHANNEL_LIMITS.textMaxChars));
      const tookMs = Math.round(performance.now() - startedAt);
      return tookMs < STAGE_MAX_MS ? [] : [`${JSON.stringify(text.slice(0, 20))}: ${tookMs} ms`];
    });
    expect(slow).toEqual([]);
  });
});
