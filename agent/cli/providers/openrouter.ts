import { type Static, Type } from "typebox";
import { type Account, everyPage, orAbsent, request } from "./request.ts";

const Key = Type.Object({
  hash: Type.String({ minLength: 1 }),
  name: Type.String(),
  disabled: Type.Boolean(),
  limit: Type.Union([Type.Number(), Type.Null()]),
});
type Key = Static<typeof Key>;
const Page = Type.Object({ data: Type.Array(Key) });
const Created = Type.Object({ data: Key, key: Type.String({ minLength: 1 }) });

export interface ModelKey {
  hash: string;
  secret: string;
}

/**
 * Ends with exactly one key under the name, with this limit for each month. The provider shows a key's secret once: one
 * that is not the known one is replaced.
 */
export async function ensureModelKey(
  account: Account,
  wanted: { name: string; limitUsd: number; known: ModelKey | undefined },
): Promise<ModelKey> {
  const { name, limitUsd, known } = wanted;
  const found = (await listKeys(account)).filter((key) => key.name === name);
  const kept = known && found.find(({ hash, disabled }) => hash === known.hash && !disabled);
  for (const { hash } of found) if (hash !== kept?.hash) await remove(account, hash);
  if (known && kept) {
    if (kept.limit !== limitUsd)
      await change(account, kept.hash, { limit: limitUsd, limit_reset: "monthly" });
    return known;
  }
  const body = { name, limit: limitUsd, limit_reset: "monthly" };
  const { data, key } = await request(account, Created, { method: "POST", path: "/keys", body });
  return { hash: data.hash, secret: key };
}

const listKeys = (account: Account): Promise<Key[]> =>
  everyPage(account, async (offset: number = 0) => {
    const path = `/keys?include_disabled=true&offset=${offset}`;
    const { data } = await request(account, Page, { method: "GET", path });
    return { items: data, next: data.length === 0 ? undefined : offset + data.length };
  });

const change = (account: Account, hash: string, body: unknown): Promise<unknown> =>
  request(account, Type.Unknown(), { method: "PATCH", path: `/keys/${encodeURIComponent(hash)}`, body });

const remove = (account: Account, hash: string): Promise<unknown> =>
  orAbsent(request(account, Type.Unknown(), { method: "DELETE", path: `/keys/${encodeURIComponent(hash)}` }));
