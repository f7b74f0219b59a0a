import { type RawBuilder, sql } from "kysely";
import { newClaimId } from "../../../activities/registry/new-id.ts";
import type { AuditedInvariant } from "../../../domain/audit.ts";
import type { ClaimId, InstanceId, ResourceName } from "../../../domain/ids.ts";
import type { TestPlatform } from "../platform.ts";

/** What a plant finds: a pool at rest with one instance of each kind. */
export interface Scene {
  readonly platform: TestPlatform;
  readonly idle: { readonly instanceId: InstanceId; readonly name: ResourceName };
  readonly live: Claimed & { readonly inviteUrl: string };
  /** Claimed, then exploded. */
  readonly gone: Claimed;
}
export interface Claimed {
  readonly instanceId: InstanceId;
  readonly name: ResourceName;
  readonly claimId: ClaimId;
}

/** A breach made by hand. */
export interface Plant {
  readonly invariant: AuditedInvariant;
  /** What the audit is to say about it. */
  readonly detail: string;
  /** Tells plants with one detail apart. */
  readonly what: string;
  make(scene: Scene): Promise<Planted>;
}
export interface Planted {
  /** What the audit is to name. */
  readonly subject: string;
  undo(): Promise<void>;
}

export interface Statements {
  subject: string;
  /** Taking away what guards against it included. */
  plant: readonly RawBuilder<unknown>[];
  undo: readonly RawBuilder<unknown>[];
}

/** A plant in Postgres, past the registry and its guards. */
export function inPostgres(
  invariant: AuditedInvariant,
  detail: string,
  what: string,
  statements: (scene: Scene) => Statements | Promise<Statements>,
): Plant {
  return {
    invariant,
    detail,
    what,
    async make(scene) {
      const { db } = scene.platform.registry;
      const { subject, plant, undo } = await statements(scene);
      for (const statement of plant) await statement.execute(db);
      return {
        subject,
        async undo() {
          for (const statement of undo) await statement.execute(db);
        },
      };
    },
  };
}

/** A claim of its own in the state, entered so long ago, and its removal. */
export function extraClaim(
  state: string,
  since = "0 seconds",
): { id: ClaimId; insert: RawBuilder<unknown>; remove: RawBuilder<unknown> } {
  const id = newClaimId();
  return {
    id,
    insert: sql`INSERT INTO claims (id, pool, key_hash, body_mac, on_empty, state, state_since)
      VALUES (${id}, 'default', ${Buffer.from(id)}, '', 'wait', ${state}, now() - ${since}::interval)`,
    remove: sql`DELETE FROM claims WHERE id = ${id}`,
  };
}
