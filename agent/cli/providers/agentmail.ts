import { createHash } from "node:crypto";
import { type Static, Type } from "typebox";
import { type Account, everyPage, orAbsent, ProviderError, request, until } from "./request.ts";

const Inbox = Type.Object({
  inbox_id: Type.String({ minLength: 1 }),
  client_id: Type.Optional(Type.String()),
});
const InboxKey = Type.Object({ api_key_id: Type.String({ minLength: 1 }), name: Type.String() });
const CreatedKey = Type.Object({
  api_key_id: Type.String({ minLength: 1 }),
  api_key: Type.String({ minLength: 1 }),
});
const NextPage = Type.Optional(Type.String({ minLength: 1 }));
const InboxPage = Type.Object({ inboxes: Type.Array(Inbox), next_page_token: NextPage });
const KeyPage = Type.Object({ api_keys: Type.Array(InboxKey), next_page_token: NextPage });

const TAKEN = "resource_taken";
const MAX_NAMES = 5;
/** A new inbox may answer 404 for seconds. */
const SETTLE_MS = 30_000;
const HEX_CHARS = 10;
/** To read, send and label its own mail; nothing else. */
const PERMISSIONS = { inbox_read: true, message_read: true, message_send: true, message_update: true };

export interface MailKey {
  id: string;
  secret: string;
}

/** Ends with the one inbox of the name, whose address is `convos-<hex>@…`; the same client id brings the same inbox. */
export async function ensureInbox(account: Account, name: string, instanceId: string): Promise<string> {
  const ours = (await listInboxes(account)).find((inbox) => inbox.client_id === name);
  if (ours) return ours.inbox_id;
  for (let nth = 1; nth <= MAX_NAMES; nth += 1) {
    const body = { username: `convos-${hexOf(instanceId, nth)}`, client_id: name };
    try {
      const made = await request(account, Inbox, { method: "POST", path: "/v0/inboxes", body });
      return await until(
        account,
        "the new inbox does not appear",
        SETTLE_MS,
        async () => (await listInboxes(account)).find((inbox) => inbox.inbox_id === made.inbox_id)?.inbox_id,
      );
    } catch (error) {
      // Its name is somebody else's: the next one.
      if (!(error instanceof ProviderError && error.code === TAKEN)) throw error;
    }
  }
  throw new ProviderError(account, "every address for the inbox is taken");
}

/** Ends with exactly one key of the name to this inbox; one that is not the known one is replaced. */
export async function ensureInboxKey(
  account: Account,
  wanted: { inboxId: string; name: string; known: MailKey | undefined },
): Promise<MailKey> {
  const { inboxId, name, known } = wanted;
  const base = `/v0/inboxes/${encodeURIComponent(inboxId)}/api-keys`;
  const keys = await until(account, "the inbox does not answer yet", SETTLE_MS, () =>
    orAbsent(listKeys(account, base)),
  );
  const found = keys.filter((key) => key.name === name);
  const isKept = known !== undefined && found.some((key) => key.api_key_id === known.id);
  for (const key of found) {
    if (isKept && key.api_key_id === known.id) continue;
    const path = `${base}/${encodeURIComponent(key.api_key_id)}`;
    await orAbsent(request(account, Type.Unknown(), { method: "DELETE", path }));
  }
  if (isKept) return known;
  const body = { name, permissions: PERMISSIONS };
  const made = await request(account, CreatedKey, { method: "POST", path: base, body });
  return { id: made.api_key_id, secret: made.api_key };
}

const listInboxes = (account: Account): Promise<Static<typeof Inbox>[]> =>
  everyPage(account, async (token: string | undefined) => {
    const path = `/v0/inboxes${pageQuery(token)}`;
    const page = await request(account, InboxPage, { method: "GET", path });
    return { items: page.inboxes, next: page.next_page_token };
  });

const listKeys = (account: Account, base: string): Promise<Static<typeof InboxKey>[]> =>
  everyPage(account, async (token: string | undefined) => {
    const page = await request(account, KeyPage, { method: "GET", path: `${base}${pageQuery(token)}` });
    return { items: page.api_keys, next: page.next_page_token };
  });

const pageQuery = (token: string | undefined): string =>
  token === undefined ? "" : `?page_token=${encodeURIComponent(token)}`;

const hexOf = (instanceId: string, nth: number): string =>
  createHash("sha256")
    .update(nth === 1 ? instanceId : `${instanceId} ${nth}`)
    .digest("hex")
    .slice(0, HEX_CHARS);
