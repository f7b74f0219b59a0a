import { expect, test } from "vitest";
import { EQUIPMENT, type EquipmentFacts, equipmentKey, equipmentToMake } from "./equipment.ts";

const ALL = new Set(EQUIPMENT.map(equipmentKey));
const facts = (change: Partial<EquipmentFacts>): EquipmentFacts => ({
  configured: ALL,
  timings: { number: "eager", wallet: "eager" },
  ledger: new Map(),
  ...change,
});
const made = (change: Partial<EquipmentFacts>) =>
  equipmentToMake(facts(change), 1_000).map((item) => item.kind);
const row = (state: "intended" | "active" | "ambiguous", triedMsAgo?: number) => ({ state, triedMsAgo });

test("everything is made before the hand-over, a provider's parts in their order", () => {
  expect(made({})).toEqual(["model-key", "mailbox", "mailbox-key", "number", "wallet", "wallet-key"]);
});

test("a provider without an account is left out", () => {
  expect(made({ configured: new Set(["openrouter/model-key"]) })).toEqual(["model-key"]);
});

test("what is on demand is made once it was asked for, what is off never is", () => {
  const onDemand = { number: "on-demand", wallet: "off" } as const;
  const asked = new Map([
    ["telnyx/number", row("intended")],
    ["bankr/wallet", row("intended")],
  ]);
  expect(made({ timings: onDemand })).toEqual(["model-key", "mailbox", "mailbox-key"]);
  expect(made({ timings: onDemand, ledger: asked })).toEqual([
    "model-key",
    "mailbox",
    "mailbox-key",
    "number",
  ]);
});

test("what is there is not made again; what is in doubt is", () => {
  const ledger = new Map([
    ["openrouter/model-key", row("active")],
    ["agentmail/mailbox", row("ambiguous", 2_000)],
  ]);
  expect(made({ ledger })).toEqual(["mailbox", "mailbox-key", "number", "wallet", "wallet-key"]);
});

test("what was tried in vain is tried again later", () => {
  const tried = (ms: number) =>
    made({
      ledger: new Map([["telnyx/number", row("intended", ms)]]),
    });
  expect(tried(999)).not.toContain("number");
  expect(tried(1_000)).toContain("number");
});
