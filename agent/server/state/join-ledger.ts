import type { DatabaseSync } from "node:sqlite";
import type { JoinLedger } from "../../convos/index.ts";

/** The inviter's durable memory of join requests. */
export function createJoinLedger(database: DatabaseSync): JoinLedger {
  const handled = database.prepare(
    "SELECT 1 FROM join_ledger WHERE message_id = ? AND outcome <> 'admitting'",
  );
  const admitting = database.prepare(
    "SELECT 1 FROM join_ledger WHERE message_id = ? AND outcome = 'admitting'",
  );
  const write = database.prepare(
    "INSERT OR REPLACE INTO join_ledger (message_id, outcome, inbox_id, tag, invite_hash, group_id) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const used = database.prepare(
    "SELECT 1 FROM join_ledger WHERE tag = ? AND invite_hash = ? AND outcome = 'admitted'",
  );
  const admitted = database.prepare("SELECT 1 FROM join_ledger WHERE group_id = ? AND outcome = 'admitted'");
  return {
    isHandled: (messageId) => handled.get(messageId) !== undefined,
    isAdmitting: (messageId) => admitting.get(messageId) !== undefined,
    record: (messageId, { outcome, inboxId, tag, inviteHash, groupId }) =>
      void write.run(messageId, outcome, inboxId, tag, inviteHash, groupId ?? null),
    isInviteUsed: (tag, inviteHash) => used.get(tag, inviteHash) !== undefined,
    hasAdmitted: (groupId) => admitted.get(groupId) !== undefined,
  };
}
