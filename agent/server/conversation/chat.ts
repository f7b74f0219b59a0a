import type { Group } from "@xmtp/node-sdk";
import type { XmtpClient } from "../xmtp/open-client.ts";

/** The conversation that the claim is served in, and the identity that is its member. */
export interface Chat {
  client: XmtpClient;
  group: Group<unknown>;
}
