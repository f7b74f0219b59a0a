import type { AgentEvent, ExplodeRequest } from "../../../domain/agent-protocol.ts";
import type { GatewayClient } from "../gateway-client.ts";
import { errorName, type Log } from "../log.ts";
import { retryUntilDone } from "../retry.ts";
import type { StatePaths } from "../state/paths.ts";
import { readTombstone, type Tombstone, writeTombstone } from "../state/tombstone.ts";
import { wipe } from "../state/wipe.ts";

export type ExplodeReason = ExplodeRequest["reason"];

export interface ExplosionOptions {
  paths: StatePaths;
  epoch: number;
  gateway: GatewayClient;
  /** Aborted when the process is told to stop; the tombstone then ends the work at the next start. */
  signal: AbortSignal;
  log: Log;
}

/** What a living agent gives up, in this order. Each may reject without stopping the next. */
export interface LivingParts {
  /** The highest report number used in this epoch. */
  lastSequence: number;
  /** No turn, no model, no new report from here on. */
  silence(): Promise<void>;
  leave(): Promise<void>;
  /** Closes everything that has a file open below the state folder, and ends every process of ours. */
  close(): Promise<void>;
}

/**
 * Ends the agent: tombstone first, so that a crash anywhere ends here at the next start; then its part in the
 * conversation, its state, and the reports of both, each until accepted. Resolves when nothing is left to do.
 */
export async function explode(
  reason: ExplodeReason,
  parts: LivingParts,
  options: ExplosionOptions,
): Promise<void> {
  const { paths, epoch, log } = options;
  const tombstone: Tombstone = {
    reason,
    startedAt: new Date().toISOString(),
    epoch,
    sequence: parts.lastSequence,
  };
  writeTombstone(paths.tombstone, tombstone);
  log("exploding", { reason });
  const silenced = guarded("silence", () => parts.silence(), log);
  const announced = report("exploding", tombstone, options);
  await silenced;
  await guarded("leave", () => parts.leave(), log);
  await guarded("close", () => parts.close(), log);
  await finish(announced, options);
}

/**
 * What a start that finds a tombstone does: nothing is started again, the end is finished. `leave` takes us out of the
 * conversation where the crash came before that; it must be bounded.
 */
export async function finishExplosion(
  tombstone: Tombstone,
  leave: () => Promise<void>,
  options: ExplosionOptions,
): Promise<void> {
  const { epoch, log } = options;
  const renewed = tombstone.epoch === epoch ? tombstone : { ...tombstone, epoch, sequence: 0 };
  const announced = report("exploding", renewed, options);
  await guarded("leave", leave, log);
  await finish(announced, options);
}

async function finish(announced: Promise<void>, options: ExplosionOptions): Promise<void> {
  const { paths, log, signal } = options;
  await retryUntilDone("wipe", async () => wipe(paths), log, signal);
  log("wiped");
  await announced;
  const tombstone = readTombstone(paths.tombstone);
  if (tombstone !== undefined) await report("exploded", tombstone, options);
}

/** The number is on disk before the report leaves, so that no number is ever used for two reports. */
async function report(
  kind: "exploding" | "exploded",
  tombstone: Tombstone,
  { paths, epoch, gateway, signal, log }: ExplosionOptions,
): Promise<void> {
  const sequence = tombstone.sequence + 1;
  writeTombstone(paths.tombstone, { ...tombstone, sequence });
  const event: AgentEvent = { kind, reason: tombstone.reason, epoch, sequence };
  log(kind, { outcome: await gateway.report(event, signal) });
}

async function guarded(name: string, work: () => Promise<void>, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    log("explode-step-failed", { step: name, error: errorName(error) });
  }
}
