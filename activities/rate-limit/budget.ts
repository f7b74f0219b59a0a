/** How fast a bucket may be emptied: `capacity` at once, `refillPerSecond` for ever. */
export interface Rate {
  /** Tokens in a full bucket, at least 1. */
  capacity: number;
  refillPerSecond: number;
  /** Between any two takings, however full the bucket; 0 when not given. */
  minGapMs?: number;
}

/** What may be asked of one account of a provider. */
export interface Budget extends Rate {
  /** Names the account: everything that shares a limit at the provider shares this. */
  account: string;
  /** `requests`, or the name of a narrower limit of the same account. */
  bucket: string;
}

export const REQUESTS = "requests";

/** `<account>/<bucket>`. */
export type BucketName = `${string}/${string}`;

export function budgetOf(name: BucketName, rate: Rate): Budget {
  const [account, bucket, ...rest] = name.split("/");
  if (!account || !bucket || rest.length > 0) throw new RangeError(`not <account>/<bucket>: ${name}`);
  return { ...rate, account, bucket };
}
