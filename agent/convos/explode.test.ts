import { describe, expect, it } from "vitest";
import { explodeDecision } from "./explode.ts";

const now = new Date("2026-06-11T10:20:30Z");
const past = new Date("2026-06-11T10:20:29Z");
const later = new Date("2026-06-12T00:00:00Z");
const muchLater = new Date("2026-07-01T00:00:00Z");

describe("explodeDecision", () => {
  it.each([
    ["self", "own-message"],
    ["member", "not-authorised"],
    ["admin", "not-authorised"],
  ] as const)("ignores one by %s", (senderRole, reason) => {
    expect(explodeDecision({ senderRole, expiresAt: past, now })).toEqual({ action: "ignore", reason });
  });

  it.each(["creator", "super-admin"] as const)("obeys one by a %s", (senderRole) => {
    expect(explodeDecision({ senderRole, expiresAt: past, now })).toEqual({ action: "explode" });
    expect(explodeDecision({ senderRole, expiresAt: now, now })).toEqual({ action: "explode" });
    expect(explodeDecision({ senderRole, expiresAt: later, now })).toEqual({
      action: "schedule",
      expiresAt: later,
    });
  });

  it("lets only an earlier expiry replace one", () => {
    const from = { senderRole: "super-admin", now } as const;
    expect(explodeDecision({ ...from, expiresAt: muchLater, currentExpiry: later })).toEqual({
      action: "ignore",
      reason: "not-earlier",
    });
    expect(explodeDecision({ ...from, expiresAt: later, currentExpiry: muchLater })).toEqual({
      action: "schedule",
      expiresAt: later,
    });
    expect(explodeDecision({ ...from, expiresAt: past, currentExpiry: later })).toEqual({
      action: "explode",
    });
  });
});
