import { PlatformError } from "../../domain/errors.ts";
import type { ClaimId } from "../../domain/ids.ts";
import { targetOf } from "../deliver-to-agent.ts";
import type { Dependencies } from "../dependencies.ts";
import { loadDelivery } from "../registry/claims.ts";

/**
 * An invite of the claim's conversation, made by its agent just now and kept nowhere, and the inbox whose it has to be:
 * what the agent says is only words. Throws `not-found`; `conflict` or `gone` when the claim is not live;
 * `conversation-locked` and `not-the-inviter` as the agent says; `unavailable` when it does not.
 */
export async function askInvite(
  { registry, agents }: Pick<Dependencies, "registry" | "agents">,
  id: ClaimId,
): Promise<{ inviteUrl: string; inboxId: string | undefined }> {
  const delivery = await loadDelivery(registry, id);
  if (!delivery) throw new PlatformError("not-found", { detail: `claim ${id}` });
  const { state, target } = delivery;
  if (state === "ended") throw new PlatformError("gone", { detail: `claim ${id}` });
  if (state !== "live" || !target) throw new PlatformError("conflict", { detail: `the claim is ${state}` });
  try {
    const inviteUrl = await agents.invite(await targetOf(registry, target), id);
    return { inviteUrl, inboxId: target.inboxId };
  } catch (error) {
    throw error instanceof PlatformError ? forCaller(error, id) : error;
  }
}

/** What a caller is to know of it: whether asking again may help. */
function forCaller({ code, detail }: PlatformError, id: ClaimId): PlatformError {
  if (code === "conversation-locked" || code === "not-the-inviter") return new PlatformError(code);
  if (code === "agent-refused" && detail === "exploding")
    return new PlatformError("gone", { detail: `claim ${id}` });
  return new PlatformError("unavailable", { detail: "the agent does not answer" });
}
