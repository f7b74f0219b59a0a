import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EnvFile } from "./env-file.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-file-"));
  path = join(folder, ".env");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a new one is made for its owner only, and nothing else is left beside it", () => {
  const file = new EnvFile(path);
  expect(file.values).toEqual({});
  file.set({ A: "1" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual([".env"]);
});

test("comments and other names stay, the named ones are replaced or taken away", () => {
  writeFileSync(path, "# mine\nA=1\nAB=2\n\nexport C = 'x'\nD=\n");
  chmodSync(path, 0o644);
  const file = new EnvFile(path);
  expect(file.values).toEqual({ A: "1", AB: "2", C: "x" });
  file.set({ A: "new", C: undefined });
  expect(readFileSync(path, "utf8")).toBe("# mine\nAB=2\n\nD=\nA=new\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(new EnvFile(path).values).toEqual(file.values);
});

test.each(["/a b/c", "#x", 'say "hi"', "$HOME", "back\\slash", "a=b", "`x`"])(
  "%j is read back as written",
  (value) => {
    new EnvFile(path).set({ A: value });
    expect(new EnvFile(path).values).toEqual({ A: value });
  },
);

test("what cannot be written is refused without being quoted", () => {
  const attempt = () => new EnvFile(path).set({ A: "it's\nsecret" });
  expect(attempt).toThrow("the value of A");
  expect(attempt).not.toThrow("secret");
});
