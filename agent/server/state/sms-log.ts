import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { SmsEntry, SmsLog, SmsPeer } from "../../skills/telnyx-cli/sms-log.ts";
import { transaction } from "./database.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "sms";
/** So many that came and so many that went are kept; of older ones only what they say of a number. */
export const SMS_LOG_MAX = 300;
/** More strangers who were never answered are not remembered. */
export const SMS_PEERS_MAX = 5_000;

const Body = Type.Object({
  number: Type.String(),
  text: Type.String(),
  providerId: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
});
type Body = Static<typeof Body>;
const State = Type.Union(
  (["sending", "sent", "delivered", "failed", "refused", "unknown", "received"] as const).map((state) =>
    Type.Literal(state),
  ),
);
const Row = Type.Object({ sms_id: Type.String(), at_ms: Type.Number(), state: State });
const Peer = Type.Object({
  texted: Type.Number(),
  wrote: Type.Number(),
  stopped_at_ms: Type.Union([Type.Number(), Type.Null()]),
  stopped_by: Type.Union([Type.Literal("them"), Type.Literal("provider"), Type.Null()]),
});

/** The log in the agent's state: words and numbers are sealed, numbers are found by a keyed digest. */
export function createSmsLog(database: DatabaseSync, vault: Vault): SmsLog {
  const key = vault.deriveKey("sms-peer");
  const digest = (number: string): Buffer => createHmac("sha256", key).update(number).digest();
  const seal = (body: Body): Buffer => vault.sealText(PURPOSE, JSON.stringify(body));
  const read = (row: Record<string, unknown>): SmsEntry => {
    const { sms_id: id, at_ms: atMs, state } = Value.Parse(Row, row);
    if (!(row.body instanceof Uint8Array)) throw new TypeError("a text message without a body");
    const body = Value.Parse(Body, JSON.parse(vault.openText(PURPOSE, row.body)));
    return { id, atMs, state, ...body };
  };

  const insert = database.prepare(
    "INSERT INTO sms (sms_id, at_ms, peer, state, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (sms_id) DO NOTHING",
  );
  const trim = database.prepare(
    `DELETE FROM sms WHERE position IN (
       SELECT position FROM sms WHERE (state = 'received') = ? ORDER BY position DESC LIMIT -1 OFFSET ${SMS_LOG_MAX})`,
  );
  const update = database.prepare("UPDATE sms SET state = ?, body = ? WHERE sms_id = ?");
  const select = database.prepare("SELECT * FROM sms WHERE sms_id = ?");
  const selectNewest = database.prepare("SELECT * FROM sms ORDER BY position DESC LIMIT ?");
  const gone = "state IN ('sending', 'sent', 'delivered', 'failed', 'unknown')";
  const selectSent = database.prepare(`SELECT * FROM sms WHERE peer = ? AND at_ms >= ? AND ${gone}`);
  const count = database.prepare(`SELECT count(*) AS sent FROM sms WHERE at_ms >= ? AND ${gone}`);
  const selectPeer = database.prepare("SELECT * FROM sms_peer WHERE peer = ?");
  const addPeer = database.prepare("INSERT INTO sms_peer (peer) VALUES (?) ON CONFLICT (peer) DO NOTHING");
  const addTexted = database.prepare("UPDATE sms_peer SET texted = texted + ? WHERE peer = ?");
  const setWrote = database.prepare("UPDATE sms_peer SET wrote = 1 WHERE peer = ?");
  const trimPeers = database.prepare(
    `DELETE FROM sms_peer WHERE texted = 0 AND stopped_at_ms IS NULL
       AND rowid <= (SELECT max(rowid) FROM sms_peer) - ${SMS_PEERS_MAX}`,
  );
  const stop = database.prepare("UPDATE sms_peer SET stopped_at_ms = ?, stopped_by = ? WHERE peer = ?");
  // Whoever was sending has died since.
  database.exec("UPDATE sms SET state = 'unknown' WHERE state = 'sending'");

  const add = (message: Pick<SmsEntry, "id" | "atMs" | "number" | "text">, state: string): boolean => {
    const { id, atMs, number, text } = message;
    const peer = digest(number);
    if (insert.run(id, Math.trunc(atMs), peer, state, seal({ number, text })).changes === 0) return false;
    addPeer.run(peer);
    trim.run(state === "received" ? 1 : 0);
    trimPeers.run();
    return true;
  };
  const find = (id: string): SmsEntry | undefined => {
    const row = select.get(id);
    return row && read(row);
  };
  return {
    find,
    begin: (message) =>
      transaction(database, () => {
        if (!add(message, "sending")) throw new Error("this text message is known");
        addTexted.run(1, digest(message.number));
      }),
    settle: (id, { state, providerId, code }) =>
      transaction(database, () => {
        const entry = find(id);
        if (entry === undefined) return;
        const { number, text } = entry;
        const body = { number, text, ...(providerId && { providerId }), ...(code && { code }) };
        update.run(state, seal(body), id);
        if (state === "refused") addTexted.run(-1, digest(number));
      }),
    take: (message) =>
      transaction(database, () => {
        if (!add(message, "received")) return false;
        setWrote.run(digest(message.number));
        return true;
      }),
    newest: (limit) => selectNewest.all(limit).map(read),
    sentTo: (number, sinceMs) => selectSent.all(digest(number), sinceMs).map(read),
    countSent: (sinceMs) => Number(count.get(sinceMs)?.sent),
    peer: (number) => {
      const row = selectPeer.get(digest(number));
      return row === undefined ? { texted: 0, hasWritten: false } : peerOf(row);
    },
    setStop: (number, given) => {
      const peer = digest(number);
      if (given !== undefined) addPeer.run(peer);
      stop.run(given === undefined ? null : Math.trunc(given.atMs), given?.by ?? null, peer);
    },
  };
}

function peerOf(row: Record<string, unknown>): SmsPeer {
  const { texted, wrote, stopped_at_ms: atMs, stopped_by: by } = Value.Parse(Peer, row);
  const isStopped = atMs !== null && by !== null;
  return { texted, hasWritten: wrote === 1, ...(isStopped && { stop: { atMs, by } }) };
}
