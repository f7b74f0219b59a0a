import { expect, it } from "vitest";
import { parseOptions, USAGE } from "./options.ts";

it("are read, and others are refused", () => {
  expect(parseOptions([])).toEqual({ skills: false, write: false, help: false });
  expect(parseOptions(["--skills", "--write"])).toEqual({ skills: true, write: true, help: false });
  expect(() => parseOptions(["--skill"])).toThrow(TypeError);
  expect(() => parseOptions(["three"])).toThrow(TypeError);
});

it("are all in the usage", () => {
  for (const option of Object.keys(parseOptions([]))) expect(USAGE).toContain(`\n  --${option} `);
});
