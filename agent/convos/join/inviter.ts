import type { Client, DecodedMessage, Dm } from "@xmtp/node-sdk";
import type { JoinErrorType } from "../content-types/invite-join-error.ts";
import type { JoinDecision } from "./evaluate.ts";
import type { JoinLedger } from "./ledger.ts";

export interface InviterDeps {
  /** Created with `convosCodecs`. Its inbox is the inviter. */
  readonly client: Client<unknown>;
  /** The 32 bytes of the key that signs this inbox's invites. */
  readonly privateKey: Uint8Array;
  readonly ledger: JoinLedger;
  /**
   * Awaited before the member is added, and then the request is judged once more. When it rejects, nobody is added and
   * the request stays open.
   */
  readonly onBeforeAdmit?: (inboxId: string) => Promise<void>;
  /**
   * Awaited right after the member was added, at least once per admission: a crash repeats it, with the same
   * `firstAdmission`. It is the first when no earlier request was admitted to this group. `isAgent` is what the typed
   * request says of its sender; who sends text only is taken for a person.
   */
  readonly onAdmitted?: (
    inboxId: string,
    info: { readonly firstAdmission: boolean; readonly groupId: string; readonly isAgent: boolean },
  ) => Promise<void>;
  readonly now?: () => Date;
}

export type JoinFollowUp = "on-admitted" | "dm-consent" | "marker" | "snapshot";

export type JoinOutcome =
  | { readonly outcome: "ignored"; readonly reason: Extract<JoinDecision, { action: "ignore" }>["reason"] }
  | { readonly outcome: "blocked" }
  | { readonly outcome: "refused"; readonly errorType: JoinErrorType; readonly reason: string }
  | {
      readonly outcome: "admitted" | "already-member";
      readonly groupId: string;
      /** What did not succeed afterwards. The admission itself stands. */
      readonly failures: readonly { readonly step: JoinFollowUp; readonly error: unknown }[];
    };

/** One join request on its way through the inviter. */
export interface ReceivedRequest {
  readonly deps: InviterDeps;
  readonly dm: Dm<unknown>;
  readonly message: DecodedMessage;
  /** The DM's newest messages, newest first. */
  readonly recent: readonly DecodedMessage[];
  /** The typed and the text message of this request; the first stands for both. */
  readonly ids: readonly [string, ...string[]];
}
