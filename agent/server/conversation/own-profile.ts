import type { Group } from "@xmtp/node-sdk";
import type { AgentAttestation } from "../../../domain/attestation.ts";
import {
  AGENT_MEMBER_KIND,
  attestationMetadata,
  type EncryptedImageRef,
  profileUpdateCodec,
  sendContent,
} from "../../convos/index.ts";
import type { ClaimPicture, ClaimStore } from "../state/claim-record.ts";
import type { Facts } from "../state/facts.ts";

export interface OwnProfileOptions {
  group: Pick<Group, "send">;
  claim: Pick<ClaimStore, "read">;
  facts: Pick<Facts, "get" | "set" | "clear">;
}

/** What the members see of the agent, as its claim says now. */
export interface OwnProfile {
  /** Tells all of it, because an update says everything there is. Rejects when the network does not take it. */
  send(attestation: AgentAttestation | undefined): Promise<void>;
}

export function createOwnProfile({ group, claim, facts }: OwnProfileOptions): OwnProfile {
  let last: Promise<void> = Promise.resolve();
  const sendNow = async (attestation: AgentAttestation | undefined): Promise<void> => {
    const record = claim.read();
    if (record === undefined) throw new Error("there is no claim to show");
    const { agentName, metadata, picture } = record.content;
    const profile = {
      name: agentName,
      encryptedImage: picture && imageRef(picture),
      memberKind: AGENT_MEMBER_KIND,
      metadata: { ...metadata, ...(attestation && attestationMetadata(attestation)) },
    };
    // Repeated it is one message; but one that says again what an older one said comes after what was said between.
    const idempotencyKey = `profile/${record.claimId}/${facts.get("attested-at") ?? ""}`;
    await sendContent(group, profileUpdateCodec, profile, { idempotencyKey });
    if (attestation === undefined) facts.clear("attested-at");
    else facts.set("attested-at", attestation.timestamp);
  };
  return {
    // One after another: the last one counts, and must not be one that was made before another.
    send: (attestation) => {
      const sending = last.then(() => sendNow(attestation));
      last = sending.catch(() => {
        // Whoever sent it hears of it, and the next one says everything again.
      });
      return sending;
    },
  };
}

const imageRef = ({ url, salt, nonce }: ClaimPicture): EncryptedImageRef => ({
  url,
  salt: new Uint8Array(Buffer.from(salt, "hex")),
  nonce: new Uint8Array(Buffer.from(nonce, "hex")),
});
