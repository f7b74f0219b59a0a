type MaybePromise<T> = T | Promise<T>;

/**
 * admitting        the join is being carried out; a crash may have come before or after the member was added
 * admitted         the member was added by this request
 * already-member   the sender was a member; its profile snapshot was sent again
 * refused          answered with an error
 * blocked          a forged invite; the DM is denied
 */
export type JoinLedgerOutcome = "admitting" | "admitted" | "already-member" | "refused" | "blocked";

export interface JoinLedgerEntry {
  readonly outcome: JoinLedgerOutcome;
  /** The joiner. */
  readonly inboxId: string;
  readonly tag: string;
  /** `Invite.hash`. */
  readonly inviteHash: string;
  /** Absent where the invite did not lead to a group. */
  readonly groupId?: string | undefined;
}

/**
 * The inviter's durable memory of join requests, kept by whoever runs the inviter. Because of it a removed member's
 * old message stays inert and a crash neither loses nor repeats an admission. Every write must be on disk when it returns.
 */
export interface JoinLedger {
  /** Whether the message has an entry whose outcome is not `admitting`. */
  isHandled(messageId: string): MaybePromise<boolean>;
  /** Whether the message has an entry whose outcome is `admitting`. */
  isAdmitting(messageId: string): MaybePromise<boolean>;
  /** Writes or replaces the entry of a message. */
  record(messageId: string, entry: JoinLedgerEntry): MaybePromise<void>;
  /** Whether some entry with this tag and invite hash is `admitted`. */
  isInviteUsed(tag: string, inviteHash: string): MaybePromise<boolean>;
  /** Whether some entry with this group is `admitted`. */
  hasAdmitted(groupId: string): MaybePromise<boolean>;
}
