import { expect, it } from "vitest";
import { verifyInvite } from "../../api/invite.ts";
import { joinOutcome } from "../local/stand-in-agent/join-outcome.ts";
import { BEHAVIOURS, planOf } from "./plan.ts";

const plans = Array.from({ length: 2_000 }, (_, n) => planOf(7, n));

it("draws every behaviour, each key once, and the same for the same seed", () => {
  expect(new Set(plans.map(({ behaviour }) => behaviour))).toEqual(new Set(BEHAVIOURS));
  expect(new Set(plans.map(({ key }) => key)).size).toBe(plans.length);
  const steady = plans.findIndex(({ behaviour }) => behaviour === "steady");
  expect(planOf(7, steady)).toEqual(plans[steady]);
  expect(planOf(8, steady)).not.toEqual(plans[steady]);
});

it("keeps the agents of those who hang up: a request of theirs may still be under way", () => {
  for (const { behaviour, isKept, hangUpsMs } of plans)
    if (hangUpsMs.length > 0) expect([behaviour, isKept]).toEqual(["hanging-up", true]);
});

it.each([
  ["joining", { outcome: "joined" }],
  ["admitted", { outcome: "pending", ends: "joined" }],
  ["refused", { refusal: "invite-revoked" }],
] as const)("brings an invite that the gateway takes and the agent reads, %s", (behaviour, outcome) => {
  const joinUrl = String(plans.find((plan) => plan.behaviour === behaviour)?.body.joinUrl);
  expect(verifyInvite(joinUrl, "local", new Date()).isExpired).toBe(false);
  expect(joinOutcome(joinUrl)).toEqual(outcome);
});
