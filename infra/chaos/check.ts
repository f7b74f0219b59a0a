import type { KeyRecord } from "./memory.ts";
import type { World } from "./world.ts";

/**
 * double     an agent that two keys were told of, or a key with two answers or two claims
 * lost       a claim that was taken in and has neither an agent nor a reason, or an agent that was taken away
 * leak       something at a provider that the ledger does not know or knows as gone, and the reverse
 * overshoot  more agents started than target and surge allow
 * audit      what else the platform's own audit finds
 */
export type Breach = "double" | "lost" | "leak" | "overshoot" | "audit";

export interface Finding {
  breach: Breach;
  /** A key, or the id of a claim, an instance or a resource. */
  subject: string;
  detail: string;
}

/** Compares what the callers were told with what there is, once everything has come to rest. */
export function check(keys: readonly KeyRecord[], world: World): Finding[] {
  return [
    ...doubles(keys, world),
    ...keys.flatMap((record) => lostOf(record, world)),
    ...unknownClaims(keys, world),
    ...leaks(world),
    ...overshoot(world),
    ...world.audit.map(({ invariant, subject, detail }): Finding => {
      return { breach: "audit", subject, detail: `${invariant}: ${detail}` };
    }),
  ];
}

function doubles(keys: readonly KeyRecord[], world: World): Finding[] {
  const findings: Finding[] = [];
  const keyOf = new Map<string, string>();
  for (const { key, answers } of keys) {
    const pairs = new Set(answers.map(({ claimId, instanceId }) => `${claimId} with ${instanceId}`));
    if (pairs.size > 1)
      findings.push({ breach: "double", subject: key, detail: `was answered ${[...pairs].join(", then ")}` });
    for (const instanceId of new Set(answers.map((answer) => answer.instanceId))) {
      const other = keyOf.get(instanceId);
      if (other !== undefined)
        findings.push({
          breach: "double",
          subject: instanceId,
          detail: `was given to ${other} and to ${key}`,
        });
      keyOf.set(instanceId, key);
    }
  }
  const served = new Map<string, string>();
  for (const { id, keyHash, state } of world.claims) {
    if (state === "failed" || state === "cancelled") continue;
    const other = served.get(keyHash);
    if (other !== undefined)
      findings.push({
        breach: "double",
        subject: id,
        detail: `has the key of claim ${other}, which was served`,
      });
    served.set(keyHash, id);
  }
  return findings;
}

function lostOf(record: KeyRecord, world: World): Finding[] {
  const { key, accepted, answers, ending, unanswered } = record;
  const findings: Finding[] = [];
  const lost = (subject: string, detail: string) => findings.push({ breach: "lost", subject, detail });
  if (unanswered) lost(key, "its caller never heard what became of it");
  for (const id of accepted) {
    const claim = world.claims.find((one) => one.id === id);
    if (!claim) lost(id, `was taken in for ${key} and is not in the registry`);
    else if (claim.state === "waiting" || claim.state === "bound" || claim.state === "pending")
      lost(id, `is still ${claim.state}`);
    else if (claim.state === "failed" && claim.failureCode === null) lost(id, "failed without a reason");
    else if (claim.state === "cancelled" && ending !== "cancelled") lost(id, "was cancelled by nobody");
    else if (claim.state === "ended" && ending === "kept") lost(id, "was ended by nobody");
    else if (
      answers.length > 0 &&
      ending === "kept" &&
      claim.state !== "live" &&
      record.refusedFor === undefined
    )
      lost(id, `was answered and is ${claim.state}`);
  }
  const told = answers.at(-1);
  if (told?.status === "live") findings.push(...agentOf(told.claimId, told.instanceId, ending, world));
  return findings;
}

/** What an answer promised: the very agent, for as long as its caller keeps it, and its end in good order. */
function agentOf(claimId: string, instanceId: string, ending: KeyRecord["ending"], world: World): Finding[] {
  const lost = (detail: string): Finding[] => [{ breach: "lost", subject: instanceId, detail }];
  const instance = world.instances.find(({ id }) => id === instanceId);
  const binding = world.bindings.find((one) => one.instanceId === instanceId);
  if (!instance) return lost("was answered and is not in the registry");
  if (binding?.claimId !== claimId) return lost(`was answered and is not bound to ${claimId}`);
  if (ending === "kept") {
    if (instance.state !== "claimed" || binding.state !== "active")
      return lost(`was answered and kept, and is ${instance.state} (binding ${binding.state})`);
    return world.inventory.compute.includes(instance.name) ? [] : lost("was answered and does not run");
  }
  if (instance.state !== "exploded") return lost(`was to be exploded and is ${instance.state}`);
  return instance.endReason === "operator" && instance.hasReceipt
    ? []
    : lost(`ended for ${instance.endReason}, receipt: ${instance.hasReceipt}`);
}

/** Of a key whose every request broke off nothing may be left: its caller went on asking until it was told. */
function unknownClaims(keys: readonly KeyRecord[], world: World): Finding[] {
  const known = new Set(keys.flatMap(({ accepted }) => [...accepted]));
  return world.claims
    .filter(({ id, state }) => !known.has(id) && state !== "failed" && state !== "cancelled")
    .map(({ id, state }) => ({
      breach: "lost",
      subject: id,
      detail: `is ${state} and nobody was told of it`,
    }));
}

function leaks({ instances, resources, inventory }: World): Finding[] {
  const findings: Finding[] = [];
  const leak = (subject: string, detail: string) => findings.push({ breach: "leak", subject, detail });
  for (const { id, state } of instances)
    if (state !== "idle" && state !== "claimed" && state !== "exploded") leak(id, `stays ${state}`);
  for (const [provider, names] of Object.entries(inventory)) {
    const entries = new Map(
      resources.filter((resource) => resource.provider === provider).map((one) => [one.name, one]),
    );
    for (const name of new Set(names)) {
      const entry = entries.get(name);
      const times = names.filter((other) => other === name).length;
      if (times > 1) leak(name, `${provider} has it ${times} times`);
      if (!entry) leak(name, `${provider} has it, the ledger does not`);
      else if (entry.isAbsent) leak(name, `${provider} has it although it was made absent`);
    }
    for (const { name, state } of entries.values()) {
      if (state === "active" && !names.includes(name)) leak(name, `${provider} does not have it any more`);
      if (state !== "active" && state !== "settled") leak(name, `stays ${state} at ${provider}`);
    }
  }
  return findings;
}

function overshoot({ plannedAboveLimit, maxima, bounds }: World): Finding[] {
  const findings = plannedAboveLimit.map((subject): Finding => {
    return { breach: "overshoot", subject, detail: "was planned above target and surge" };
  });
  for (const what of ["starting", "supply"] as const)
    if (maxima[what] > bounds[what])
      findings.push({
        breach: "overshoot",
        subject: what,
        detail: `${maxima[what]} were seen, ${bounds[what]} are allowed`,
      });
  return findings;
}
