import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../domain/limits.ts";
import { linksOf } from "./markdown.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const THREATS = read("docs/reference/threat-model.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| threat"))
  .map((line) => line.slice(2, -2).split(" | "));

describe("the threat model", () => {
  it.each(THREATS)("%s", (threat, mitigation, proof = "") => {
    expect(threat).toMatch(/\S/);
    expect(mitigation).toMatch(/\S/);
    const tests = linksOf(proof).map(({ path }) => path.replace("../../", ""));
    expect(tests.length).toBeGreaterThan(0);
    for (const test of tests) {
      expect(test).toMatch(/\.test\.ts$/);
      expect(existsSync(join(ROOT, test)), test).toBe(true);
      // The link's text is the path, so that whoever reads the table need not open it.
      expect(proof).toContain(`[${test}]`);
    }
  });

  it("has some threats", () => {
    expect(THREATS.length).toBeGreaterThan(20);
  });
});

it("SECURITY.md states the limits of the code", () => {
  const limits = read("SECURITY.md").split("## Limits")[1] ?? "";
  const number = (value: number): string => value.toLocaleString("en-US");
  const { callerRate, agentRate, addressRate } = LIMITS;
  const stated = [
    `${LIMITS.requestBodyMaxBytes / 1024} KiB`,
    `${LIMITS.codecBodyMaxBytes / 1024 ** 2} MiB`,
    [LIMITS.instructionsMaxChars, LIMITS.nameMaxChars, LIMITS.joinUrlMaxChars, LIMITS.profileImageMaxChars]
      .map(number)
      .join(", "),
    `${LIMITS.metadataMaxEntries} entries, each name 64 and value ${LIMITS.metadataValueMaxChars}`,
    `1–${LIMITS.idempotencyKeyMaxChars} printable`,
    `${LIMITS.waitMaxMs / 1000} s`,
    number(LIMITS.queueMaxClaims),
    ...[callerRate, agentRate, addressRate].map(
      ({ perSecond, burst }) => `${number(perSecond)} a second, ${number(burst)} at once`,
    ),
    [LIMITS.replenishMaxCount, LIMITS.drainMaxCount, LIMITS.poolMaxTarget].join(", "),
  ];
  for (const text of stated) expect(limits).toContain(text);
});
