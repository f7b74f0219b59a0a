import type { Group } from "@xmtp/node-sdk";
import type { AgentAttestation } from "../../../domain/attestation.ts";
import { errorName, type Log } from "../log.ts";
import { retryUntilDone } from "../retry.ts";
import type { ClaimRecord } from "../state/claim-record.ts";
import type { Facts } from "../state/facts.ts";
import type { OwnProfile } from "./own-profile.ts";

/** What XMTP takes for the name of a group, in UTF-8. */
export const GROUP_NAME_MAX_BYTES = 100;
/** After so many refusals by a network that answers, people are let in although the agent is not presented. */
const MAX_REFUSALS = 4;

export interface PresentationOptions {
  group: Pick<Group, "name" | "updateName" | "sync">;
  claim: ClaimRecord;
  profile: OwnProfile;
  facts: Facts;
  /** What shows the agent as verified, as of now. */
  attestation(): Promise<AgentAttestation | undefined>;
  log: Log;
  signal: AbortSignal;
}

/**
 * Makes the agent what its claim calls it, however often that takes. Resolves when it is done or when the network,
 * though it answers, has refused it several times: nobody must wait outside for what may never be. Rejects when
 * `signal` aborted first.
 */
export async function presentAgent(options: PresentationOptions): Promise<void> {
  const { group, log, signal } = options;
  const settled = Promise.withResolvers<void>();
  let refusals = 0;
  const attempt = async (): Promise<void> => {
    try {
      await present(options);
    } catch (error) {
      // A network that is down rejects here, and that is no refusal.
      await group.sync();
      refusals += 1;
      if (refusals >= MAX_REFUSALS) settled.resolve();
      throw error;
    }
  };
  void retryUntilDone("present", attempt, log, signal).then((done) =>
    done ? settled.resolve() : settled.reject(new Error("the agent is ending")),
  );
  return settled.promise;
}

/**
 * In a conversation of its own the conversation's name, everywhere its profile, marked as an agent's. Done once;
 * repeating it after a crash in between says the same thing.
 */
async function present(options: PresentationOptions): Promise<void> {
  const { group, claim, profile, facts } = options;
  if (facts.get("presented") !== undefined) return;
  const { agentName } = claim.content;
  const groupName = cutToBytes(agentName, GROUP_NAME_MAX_BYTES);
  if (claim.outcome === "created" && group.name !== groupName) await group.updateName(groupName);
  await profile.send(await options.attestation());
  facts.set("presented", "yes");
}

/**
 * Shows a newer attestation than the profile does, if there is one, and none instead of one that is too old. For whoever is about to be let in, who is told the
 * profiles as of then; nobody is kept outside when it fails.
 */
export async function refreshProfile(
  options: Pick<PresentationOptions, "profile" | "facts" | "attestation" | "log">,
): Promise<void> {
  const { profile, facts, log } = options;
  if (facts.get("presented") === undefined) return;
  try {
    const attestation = await options.attestation();
    if (attestation?.timestamp === facts.get("attested-at")) return;
    await profile.send(attestation);
  } catch (error) {
    log("profile-not-refreshed", { error: errorName(error) });
  }
}

/** The longest beginning that fits, without half a character at its end. */
function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
