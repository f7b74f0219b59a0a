import { PlatformError } from "../../domain/errors.ts";
import type { Created, Found, ResourceKind, ResourceOwner } from "../resources/resource-kind.ts";
import { AgentMailClient, type AgentMailOptions } from "./client.ts";
import { ownerOf, wantedInbox } from "./mailbox-name.ts";

/** A new inbox may answer 404 for seconds; this much is waited for. Source: provider's issue tracker. */
export const MAILBOX_SETTLE_MS = 30_000;
const MAX_TRIES = 5;

/** An agent's inbox. Its external id is its address; it has no secret, so one found under the name is adopted. */
export function mailboxKind(options: AgentMailOptions & { domain?: string }): ResourceKind {
  const { domain, ...account } = options;
  return {
    provider: "agentmail",
    kind: "mailbox",
    settleMs: MAILBOX_SETTLE_MS,

    find: (owner) => findMailboxes(new AgentMailClient(account), owner.name),

    async create(owner) {
      const client = new AgentMailClient(account);
      for (let nth = 1; nth <= MAX_TRIES; nth++) {
        const made = await tryToCreate(client, owner, nth, domain);
        if (made) return made;
      }
      throw new PlatformError("conflict", { detail: "every address for the mailbox is taken" });
    },

    async remove(inboxId) {
      const client = new AgentMailClient(account);
      await client.deleteInbox(inboxId);
      // A new inbox says 404 to its id and to its deletion, but the list shows it.
      if ((await client.findInbox(inboxId)) || (await isListed(client, inboxId)))
        throw new PlatformError("transient", { detail: "the mailbox is still there" });
      return { kind: "absent" };
    },

    async list(namePrefix) {
      const inboxes = await new AgentMailClient(account).listInboxes();
      return inboxes.flatMap((inbox) => {
        const name = ownerOf(inbox);
        return name?.startsWith(namePrefix)
          ? [{ externalId: inbox.inboxId, name, createdAt: inbox.createdAt }]
          : [];
      });
    },
  };
}

/** The inboxes made under exactly this name. */
export async function findMailboxes(client: AgentMailClient, name: string): Promise<Found[]> {
  const inboxes = await client.listInboxes();
  return inboxes.filter((inbox) => ownerOf(inbox) === name).map(({ inboxId }) => ({ externalId: inboxId }));
}

export async function isListed(client: AgentMailClient, inboxId: string): Promise<boolean> {
  return (await client.listInboxes()).some((inbox) => inbox.inboxId === inboxId);
}

/** The inbox under the nth name, confirmed; undefined when that name leads nowhere and the next is to be tried. */
async function tryToCreate(
  client: AgentMailClient,
  owner: ResourceOwner,
  nth: number,
  domain: string | undefined,
): Promise<Created | undefined> {
  const wanted = { ...wantedInbox(owner, nth), ...(domain === undefined ? {} : { domain }) };
  const made = await client.createInbox(wanted).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === "conflict") return undefined;
    throw error;
  });
  if (made === undefined) {
    // Taken: by an earlier attempt of ours that the look-up before did not show, or by somebody else.
    return (await findMailboxes(client, owner.name))[0];
  }
  const { inboxId } = made;
  if ((await client.findInbox(inboxId)) || (await isListed(client, inboxId))) return { externalId: inboxId };
  if (Date.now() - made.createdAt.getTime() < MAILBOX_SETTLE_MS)
    throw new PlatformError("ambiguous", { detail: "the mailbox was made but is not shown yet" });
  // The client id brought back the answer about an inbox that was deleted since.
  return undefined;
}
