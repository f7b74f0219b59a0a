import { describe, expect, it } from "vitest";
import { createFinalTextCollector } from "./final-text.ts";

describe("the text of a run", () => {
  it("is the last final one; narration, notices and tool output are dropped", () => {
    const final = createFinalTextCollector();
    final.begin();
    final.deliver({ text: "Let me check." }, "block");
    final.deliver({ text: "exit code 0" }, "tool");
    final.deliver({ text: "Looking…" }, "final");
    final.deliver({ text: " The answer. " }, "final");
    final.deliver({ text: "" }, "final");
    final.end("completed");
    expect(final.result()).toEqual({ text: "The answer." });
  });

  it("leaves out thoughts and status lines", () => {
    const final = createFinalTextCollector();
    const thought = { text: "hm", isReasoning: true };
    const status = { text: "compacting", isCompactionNotice: true, isStatusNotice: true };
    final.deliver(thought, "final");
    final.deliver(status, "final");
    expect(final.result()).toEqual({ text: null });
  });

  it("is never an error text of the framework", () => {
    const final = createFinalTextCollector();
    final.deliver({ text: "Something" }, "final");
    final.deliver({ text: "provider failed: HTTP 500", isError: true }, "final");
    expect(final.result()).toEqual({ text: null, error: "model-failed" });
  });

  it("tells silence from failure and from a run that never was", () => {
    const silent = createFinalTextCollector();
    silent.begin();
    silent.end("completed");
    expect(silent.result()).toEqual({ text: null });
    expect(silent.hasRun).toBe(true);

    const failed = createFinalTextCollector();
    failed.begin();
    failed.end("failed");
    expect(failed.result()).toEqual({ text: null, error: "model-failed" });

    expect(createFinalTextCollector().hasRun).toBe(false);
  });

  it("keeps an answer that was given before a run failed at its end", () => {
    const final = createFinalTextCollector();
    final.deliver({ text: "The answer." }, "final");
    final.end("failed");
    expect(final.result()).toEqual({ text: "The answer." });
  });
});
