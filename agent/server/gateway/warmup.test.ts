import { describe, expect, it, vi } from "vitest";
import { createWarmup } from "./warmup.ts";

describe("the warm-up", () => {
  it("tries again with the same nonce, so that no late turn reaches the provider", async () => {
    const probe = vi.fn(async (_nonce: string) => undefined).mockRejectedValueOnce(new Error("too slow"));
    await createWarmup({ probe })(new AbortController().signal);
    expect(probe).toHaveBeenCalledTimes(2);
    expect(new Set(probe.mock.calls.map(([nonce]) => nonce)).size).toBe(1);
  });

  it("gives up at last, and at once when the gateway has ended", async () => {
    const probe = vi.fn(async () => Promise.reject(new Error("too slow")));
    await expect(createWarmup({ probe })(new AbortController().signal)).rejects.toThrow("too slow");
    expect(probe).toHaveBeenCalledTimes(3);
    probe.mockClear();
    await expect(createWarmup({ probe })(AbortSignal.abort())).rejects.toThrow("too slow");
    expect(probe).toHaveBeenCalledTimes(1);
  });
});
