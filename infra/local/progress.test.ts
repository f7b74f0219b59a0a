import { describe, expect, it } from "vitest";
import { createProgress } from "./progress.ts";

function capture(isTTY: boolean) {
  const written: string[] = [];
  let clock = 0;
  const progress = createProgress({ isTTY, write: (text) => written.push(text) }, () => clock);
  const pass = (ms: number) => {
    clock += ms;
  };
  return { progress, text: () => written.join(""), pass };
}

describe("progress", () => {
  it("prints one finished line for each part, with its time and what came of it", async () => {
    const { progress, text, pass } = capture(false);
    const result = await progress.step(
      "Postgres",
      async () => {
        progress.note("a word on the way");
        pass(1_250);
        return 5432;
      },
      (port) => `port ${port}`,
    );
    expect(result).toBe(5432);
    expect(text()).toBe("  a word on the way\n✓ Postgres            1.3 s  port 5432\n");
  });

  it("marks a part that failed and passes its error on", async () => {
    const { progress, text } = capture(false);
    const failing = progress.step("Temporal", () => Promise.reject(new Error("no port")));
    await expect(failing).rejects.toThrow("no port");
    expect(text()).toBe("✗ Temporal            0.0 s  failed\n");
  });

  it("shows on a terminal what is under way, and completes that line in place", async () => {
    const { progress, text } = capture(true);
    await progress.step("Postgres", async () => progress.note("still there"));
    expect(text()).toBe(
      "  Postgres         …\r\x1b[K  still there\n  Postgres         …\r\x1b[K✓ Postgres            0.0 s\n",
    );
  });
});
