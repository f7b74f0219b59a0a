import { setTimeout as delay } from "node:timers/promises";
import { Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";

/** What the Web UI lists and filters by. Never holds a person's words or a secret: Temporal cannot encrypt them. */
export const SEARCH_ATTRIBUTES = {
  InstanceId: "Keyword",
  ClaimId: "Keyword",
  PoolName: "Keyword",
  InstanceState: "Keyword",
  ClaimState: "Keyword",
  StateSince: "Datetime",
} as const;

/** `temporal.api.enums.v1.IndexedValueType`. */
const TYPE_NUMBER = { Keyword: 2, Datetime: 6 } as const;
const RETENTION = "7 days";
/** A new namespace becomes visible when the server next refreshes its cache, 10 s by default. */
const VISIBLE_WITHIN_MS = 30_000;
const POLL_MS = 200;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;

/**
 * Makes sure that the namespace exists and knows every search attribute. Throws when one exists with another type.
 * Safe to run from several processes and on a server that has them already.
 */
export async function ensureNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (grpcCode(error) !== NOT_FOUND) throw error;
    await connection.workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs(RETENTION) })
      .catch(unless(ALREADY_EXISTS));
  }
  const known = await knownAttributes(connection, namespace);
  const missing: Record<string, number> = {};
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    const found = known[name];
    if (found === undefined) missing[name] = TYPE_NUMBER[type];
    else if (found !== TYPE_NUMBER[type]) {
      throw new Error(
        `the search attribute ${name} of namespace ${namespace} has type ${found}, not ${type}`,
      );
    }
  }
  if (Object.keys(missing).length === 0) return;
  await connection.operatorService
    .addSearchAttributes({ namespace, searchAttributes: missing })
    .catch(unless(ALREADY_EXISTS));
}

async function knownAttributes(connection: Connection, namespace: string): Promise<Record<string, number>> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return customAttributes ?? {};
    } catch (error) {
      if (grpcCode(error) !== NOT_FOUND || Date.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}

/** Connects to a server that somebody else runs and prepares its namespace. */
export async function prepareExistingServer(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await ensureNamespace(connection, namespace);
  } finally {
    await connection.close();
  }
}

function grpcCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function unless(code: number): (error: unknown) => void {
  return (error) => {
    if (grpcCode(error) !== code) throw error;
  };
}
