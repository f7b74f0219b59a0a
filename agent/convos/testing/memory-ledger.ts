import type { JoinLedger, JoinLedgerEntry } from "../join/ledger.ts";

/** A join ledger that lives as long as the test. */
export class MemoryJoinLedger implements JoinLedger {
  readonly entries = new Map<string, JoinLedgerEntry>();

  isHandled(messageId: string): boolean {
    return this.entries.has(messageId) && !this.isAdmitting(messageId);
  }

  isAdmitting(messageId: string): boolean {
    return this.entries.get(messageId)?.outcome === "admitting";
  }

  record(messageId: string, entry: JoinLedgerEntry): void {
    this.entries.set(messageId, entry);
  }

  isInviteUsed(tag: string, inviteHash: string): boolean {
    return this.#hasAdmitted((entry) => entry.tag === tag && entry.inviteHash === inviteHash);
  }

  hasAdmitted(groupId: string): boolean {
    return this.#hasAdmitted((entry) => entry.groupId === groupId);
  }

  #hasAdmitted(matches: (entry: JoinLedgerEntry) => boolean): boolean {
    return [...this.entries.values()].some((entry) => entry.outcome === "admitted" && matches(entry));
  }
}
