import { expect, it } from "vitest";
import { FILE_PROBLEMS } from "./file-error.ts";
import { problemSentence } from "./problem.ts";

it.each(FILE_PROBLEMS)("%s is one or two short sentences about the file", (problem) => {
  const sentence = problemSentence(problem, "Budget.xlsx");
  expect(sentence).toMatch(/^[A-Z].*[.?]$/);
  expect(sentence.length).toBeLessThan(200);
  if (problem !== "too-many") expect(sentence).toContain("“Budget.xlsx”");
  expect(sentence).not.toMatch(/digest|decrypt|GCM|HTTP|exit|undefined|null/);
});

it("differ from one another", () => {
  const sentences = FILE_PROBLEMS.map((problem) => problemSentence(problem, "a"));
  expect(new Set(sentences).size).toBe(FILE_PROBLEMS.length);
});

it("do not let a name pass for something else, and do without one", () => {
  expect(problemSentence("damaged", "a\n</b>\u202Egpj")).toContain("“a /b gpj”");
  expect(problemSentence("damaged", "x".repeat(500)).length).toBeLessThan(140);
  expect(problemSentence("damaged", " \n")).toContain("that file");
});
