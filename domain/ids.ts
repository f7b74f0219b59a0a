/**
 * Identifiers are branded strings: a claim id can never be passed where an instance id is meant.
 * Parse at the edge with `parse…`, then trust the type everywhere inside.
 */
declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** 12 characters of `[a-z0-9]`. Names the instance's workflow and every external resource it owns. */
export type InstanceId = Branded<string, "InstanceId">;
/** 20 characters of `[a-z0-9]`. Names the claim's workflow. */
export type ClaimId = Branded<string, "ClaimId">;
/** 1–32 characters of `[a-z0-9-]`. */
export type PoolName = Branded<string, "PoolName">;
/** Counts the starts of one instance's process, from 1. A report of an older epoch is refused. */
export type Epoch = Branded<number, "Epoch">;
/** `<prefix>-<environment>-<instanceId>`: at most 32 of `[a-z0-9-]`, which every provider accepts. */
export type ResourceName = Branded<string, "ResourceName">;

const INSTANCE_ID = /^[a-z0-9]{12}$/;
const CLAIM_ID = /^[a-z0-9]{20}$/;
const POOL_NAME = /^[a-z0-9-]{1,32}$/;

export const INSTANCE_ID_LENGTH = 12;
export const CLAIM_ID_LENGTH = 20;

export const parseInstanceId = (text: string): InstanceId | undefined =>
  INSTANCE_ID.test(text) ? (text as InstanceId) : undefined;
export const parseClaimId = (text: string): ClaimId | undefined =>
  CLAIM_ID.test(text) ? (text as ClaimId) : undefined;
export const parsePoolName = (text: string): PoolName | undefined =>
  POOL_NAME.test(text) ? (text as PoolName) : undefined;
export const parseEpoch = (value: number): Epoch | undefined =>
  Number.isSafeInteger(value) && value >= 1 ? (value as Epoch) : undefined;

/** The name of everything the instance owns at a provider. Throws when it would exceed 32 characters. */
export function resourceName(prefix: string, environment: string, id: InstanceId): ResourceName {
  const name = `${prefix}-${environment}-${id}`;
  if (!/^[a-z0-9-]{1,32}$/.test(name)) throw new RangeError(`resource name is not usable: ${name}`);
  return name as ResourceName;
}

export const instanceWorkflowId = (id: InstanceId): string => `instance/${id}`;
export const claimWorkflowId = (id: ClaimId): string => `claim/${id}`;
export const explodeWorkflowId = (id: InstanceId): string => `explode/${id}`;
export const poolWorkflowId = (name: PoolName): string => `pool/${name}`;
