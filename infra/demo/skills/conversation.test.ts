import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { SKILL_NAMES } from "../../../agent/skills/kit/skill.ts";
import { recordedPart } from "../document.ts";
import { GREETING } from "../scene.ts";
import { conversationOf } from "./conversation.ts";
import { describeSkills, formatSaid, type Said } from "./document.ts";
import { planEvening } from "./evening.ts";
import { masked } from "./masked.ts";
import { AGENT, type Step } from "./step.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../../docs/guides/ten-skills.md"), "utf8");

let parts: readonly (readonly Step[])[];
let said: readonly Said[];
beforeAll(async () => {
  parts = conversationOf(await planEvening("http://127.0.0.1:1", Date.now()));
  const agentSays = (shows: string): Said => ({ who: AGENT, shows });
  said = [
    agentSays(GREETING),
    ...parts.flat().flatMap(({ who, shows, answers }) => [{ who, shows }, ...answers.map(agentSays)]),
  ];
});

describe("the conversation", () => {
  it("uses every skill once", () => {
    const skills = parts.flat().flatMap(({ proof }) => proof?.skill ?? []);
    expect(skills.toSorted()).toEqual([...SKILL_NAMES].toSorted());
  });

  it("uses the tools that its proofs name", () => {
    for (const part of parts) {
      const used = part.flatMap(({ script = [] }) =>
        script.flatMap(({ use }) => use.map(({ tool }) => tool)),
      );
      const named = part.flatMap(({ proof }) => proof?.tools ?? []);
      expect(new Set(used.filter((tool) => tool !== "message"))).toEqual(new Set(named));
    }
  });

  it("has a line of the script for each message, which is no other's", () => {
    const lines = parts.flat().flatMap(({ script = [] }) => script);
    const written = parts
      .flat()
      .filter(({ shows, script }) => script !== undefined && !shows.startsWith("["));
    expect(written.length).toBeGreaterThan(8);
    for (const { shows, script } of written)
      expect(
        lines.find(({ when }) => shows.includes(when)),
        shows,
      ).toBe(script?.[0]);
  });

  it("stands in the guide, and what came of it", () => {
    expect(masked(recordedPart(GUIDE) ?? "")).toBe(masked(describeSkills(said, parts)));
  });
});

describe("a line", () => {
  it("shows who says it, further lines of it set in, and time that passes in brackets", () => {
    expect(formatSaid({ who: "Ada", shows: "one\ntwo" })).toBe("Ada: one\n  two");
    expect(formatSaid({ who: "A minute later", shows: "" })).toBe("(A minute later)");
  });
});
