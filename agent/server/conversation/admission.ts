import { type DecodedMessage, Dm } from "@xmtp/node-sdk";
import {
  catchUpJoinRequests,
  handleJoinRequest,
  type InviterDeps,
  type JoinOutcome,
} from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import type { XmtpClient } from "../xmtp/open-client.ts";

export interface Admission {
  /** Judges a streamed DM message; what it does takes place in the background, one request after another. */
  consider(message: DecodedMessage): void;
  /** Judges everything in the DMs that has not been. Rejects when some request could not be settled. */
  catchUp(): Promise<void>;
}

export interface AdmissionOptions {
  client: XmtpClient;
  /** 32 bytes that sign this inbox's invites. */
  privateKey: Uint8Array;
  ledger: InviterDeps["ledger"];
  /** Whether there is a claim whose invite people may use. */
  isOpen(): boolean;
  onBeforeAdmit(): Promise<void>;
  onAdmitted(inboxId: string, isAgent: boolean): Promise<void>;
  /** A request is still open and should be looked at again. */
  onOpenRequest(): void;
  log: Log;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { client, log } = options;
  const deps: InviterDeps = {
    client,
    privateKey: options.privateKey,
    ledger: options.ledger,
    onBeforeAdmit: async () => {
      await options.onBeforeAdmit();
      // Waiting may have taken until the end: nobody is let into a conversation that is being left.
      if (!options.isOpen()) throw new Error("the conversation does not admit anybody any more");
    },
    onAdmitted: (inboxId, { isAgent }) => options.onAdmitted(inboxId, isAgent),
  };
  const note = (outcome: JoinOutcome): void => {
    if (outcome.outcome !== "ignored") log("join-request", { outcome: outcome.outcome });
    for (const failure of "failures" in outcome ? outcome.failures : [])
      log("join-follow-up-failed", { step: failure.step, error: errorName(failure.error) });
  };
  const considerNow = async (message: DecodedMessage): Promise<void> => {
    try {
      const dm = await client.conversations.getConversationById(message.conversationId);
      if (dm instanceof Dm) note(await handleJoinRequest(deps, dm, message));
    } catch (error) {
      log("join-request-open", { error: errorName(error) });
      options.onOpenRequest();
    }
  };
  return {
    consider: (message) => {
      if (options.isOpen()) void considerNow(message);
    },
    catchUp: async () => {
      if (!options.isOpen()) return;
      let openRequests = 0;
      for (const { result } of await catchUpJoinRequests(deps)) {
        if (result.outcome !== "error") note(result);
        else {
          openRequests += 1;
          log("join-request-open", { error: errorName(result.error) });
        }
      }
      if (openRequests > 0) throw new Error("some join requests are still open");
    },
  };
}
