import { constants } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SKILL_NAMES } from "../../skills/kit/skill.ts";
import { TEMPLATE_DIR } from "../gateway/paths.ts";
import { openEverySkill } from "./testing/every-skill.ts";
import { readSkillWords, SKILL_FOLDERS } from "./testing/skill-folders.ts";

const Manifest = Type.Object({ contracts: Type.Object({ tools: Type.Array(Type.String()) }) });
const DESCRIPTION_MAX_CHARS = 200;
/** A folder with a `config` has the client's path and the skill's name from there. */
const USED_TOOL = /(?:skill\.mjs|\$SKILL_CLIENT)"? use ([a-z_]+)/g;

let every: ReturnType<typeof openEverySkill>;
const toolNames = (skillName: string): string[] =>
  every.skills.filter(({ name }) => name === skillName).flatMap(({ tools }) => tools.map(({ name }) => name));
beforeAll(() => {
  every = openEverySkill();
});
afterAll(() => every[Symbol.asyncDispose]());

it("every skill is made once, and its tools have names of their own", () => {
  expect(every.skills.map(({ name }) => name)).toEqual([...SKILL_NAMES]);
  const names = SKILL_NAMES.flatMap(toolNames);
  expect(new Set(names).size).toBe(names.length);
  for (const name of SKILL_NAMES) expect(toolNames(name), name).not.toEqual([]);
});

it("the extension says to openclaw that it registers exactly these tools", async () => {
  const file = join(TEMPLATE_DIR, "extensions", "skills", "openclaw.plugin.json");
  const { contracts } = Value.Parse(Manifest, JSON.parse(await readFile(file, "utf8")));
  expect(contracts.tools.toSorted()).toEqual(SKILL_NAMES.flatMap(toolNames).toSorted());
});

it("there is a folder for every skill, and no other", async () => {
  const entries = await readdir(SKILL_FOLDERS, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.toSorted()).toEqual([...SKILL_NAMES].toSorted());
});

describe.each(SKILL_NAMES)("the folder of %s", (skill) => {
  it("says when to use the skill and when not, in a line", async () => {
    const { name, description } = await readSkillWords(skill);
    expect(name).toBe(skill);
    expect(description.length).toBeLessThanOrEqual(DESCRIPTION_MAX_CHARS);
    expect(description).toContain("USE WHEN");
    expect(description).toContain("DON'T USE WHEN");
    expect(description).not.toContain("\n");
  });

  it("has a `setup` that proves this skill and a `test` that uses its tools, both to be run", async () => {
    const read = async (script: string): Promise<string> => {
      const file = join(SKILL_FOLDERS, skill, script);
      await access(file, constants.X_OK);
      return readFile(file, "utf8");
    };
    expect(await read("setup")).toMatch(
      new RegExp(`(?:skill\\.mjs" setup ${skill}|\\$SKILL_CLIENT" setup "\\$SKILL")\\n`),
    );
    const used = [...(await read("test")).matchAll(USED_TOOL)].map(([, tool]) => tool);
    expect(used).not.toEqual([]);
    expect(toolNames(skill)).toEqual(expect.arrayContaining(used));
  });
});
