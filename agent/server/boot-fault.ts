import type { FaultCode } from "../../domain/agent-protocol.ts";
import { MissingDatabaseError } from "./xmtp/open-client.ts";
import { MissingConversationError } from "./xmtp/own-conversation.ts";

/** What the platform is told of a boot that failed. The log names the error itself. */
export function bootFault(error: unknown): FaultCode {
  if (error instanceof MissingDatabaseError) return "database-missing";
  if (error instanceof MissingConversationError) return "conversation-missing";
  return "unexpected";
}
