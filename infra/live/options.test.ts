import { expect, it } from "vitest";
import { SKILL_NAMES } from "../../agent/skills/kit/skill.ts";
import { OptionsError } from "../local/options.ts";
import { LIVE_USAGE, parseLiveOptions } from "./options.ts";

it("takes names of skills, or means all of them", () => {
  expect(parseLiveOptions([])).toEqual({
    skills: SKILL_NAMES,
    ...{ isDouble: false, mayPay: false, isList: false, isHelp: false },
  });
  expect(parseLiveOptions(["bankr", "--spend", "voice", "--double"])).toMatchObject({
    skills: ["voice", "bankr"],
    ...{ isDouble: true, mayPay: true },
  });
});

it.each([
  [["browse"], "there is no skill browse"],
  [["--all"], "--all"],
  [["--spend=1"], "--spend"],
])("refuses %j", (args, problem) => {
  expect(() => parseLiveOptions(args)).toThrow(OptionsError);
  expect(() => parseLiveOptions(args)).toThrow(problem);
});

it("names every skill in its usage", () => {
  for (const name of SKILL_NAMES) expect(LIVE_USAGE).toContain(name);
});
