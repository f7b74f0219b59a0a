import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { createHoldBack, HOLD_BACK_MAX_MS, HOLD_BACK_MS } from "./hold-back.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const message = (id: string, text: string, ...fileNames: string[]): StoredMessage => ({
  id,
  senderInboxId: "ada",
  text,
  sentAtMs: 0,
  ...(fileNames.length > 0 && { fileNames }),
});

it("holds a picture for its caption, a caption never, and nobody for long however many pictures come", () => {
  const holdBack = createHoldBack();
  const waiting = [message("p0", "", "a.png")];
  expect(holdBack.leftMs(waiting)).toBe(HOLD_BACK_MS);
  vi.advanceTimersByTime(HOLD_BACK_MS - 100);
  expect(holdBack.leftMs(waiting)).toBe(100);
  expect(holdBack.leftMs([...waiting, message("c", "look")])).toBe(0);
  let heldMs = 0;
  for (let picture = 1; holdBack.leftMs(waiting) > 0; picture += 1) {
    waiting.push(message(`p${picture}`, "", "b.png"));
    vi.advanceTimersByTime(500);
    heldMs += 500;
  }
  expect(heldMs).toBeLessThanOrEqual(HOLD_BACK_MAX_MS + 500);
});
