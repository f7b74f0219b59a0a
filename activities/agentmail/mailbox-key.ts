import { PlatformError } from "../../domain/errors.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import type { Found, ResourceKind } from "../resources/resource-kind.ts";
import { AgentMailClient, type AgentMailOptions, type KeyPermissions } from "./client.ts";
import { findMailboxes, isListed, MAILBOX_SETTLE_MS } from "./mailbox.ts";

/** To read, send, answer and label its own mail, and to hear of it over the websocket. Nothing else is granted. */
const PERMISSIONS: KeyPermissions = {
  inboxRead: true,
  messageRead: true,
  messageSend: true,
  messageUpdate: true,
};

/**
 * The agent's key to its own inbox, so that mail never passes the platform. Its external id is `<inbox>/<key id>`, as
 * it is deleted through its inbox. It goes away with the inbox.
 */
export function mailboxKeyKind(options: AgentMailOptions): ResourceKind {
  return {
    provider: "agentmail",
    kind: "mailbox-key",
    secret: "mailbox-key",
    settleMs: MAILBOX_SETTLE_MS,

    async find({ name, siblings }) {
      const client = new AgentMailClient(options);
      const sibling = siblings.get("mailbox");
      const mailboxes = sibling === undefined ? await findMailboxes(client, name) : [{ externalId: sibling }];
      const found: Found[] = [];
      for (const { externalId: inboxId } of mailboxes) {
        const keys = (await client.listInboxKeys(inboxId)) ?? [];
        for (const key of keys)
          if (key.name === name) found.push({ externalId: `${inboxId}/${key.apiKeyId}` });
      }
      return found;
    },

    async create({ name, siblings }) {
      const inboxId = siblings.get("mailbox");
      if (inboxId === undefined)
        throw new PlatformError("conflict", { detail: "there is no mailbox for the key" });
      const client = new AgentMailClient(options);
      const made = await client.createInboxKey(inboxId, name, PERMISSIONS);
      if (made) return { externalId: `${inboxId}/${made.apiKeyId}`, secret: made.secret };
      throw (await isListed(client, inboxId))
        ? new PlatformError("transient", { detail: "the mailbox does not answer yet" })
        : new PlatformError("conflict", { detail: "the mailbox of the key is gone" });
    },

    async revoke(externalId) {
      await makeAbsent(new AgentMailClient(options), externalId);
    },

    remove: (externalId) => makeAbsent(new AgentMailClient(options), externalId),

    async list(namePrefix) {
      const keys = await new AgentMailClient(options).listKeys();
      return keys.flatMap(({ apiKeyId, inboxId, name, createdAt }) =>
        inboxId !== undefined && name.startsWith(namePrefix)
          ? [{ externalId: `${inboxId}/${apiKeyId}`, name, createdAt }]
          : [],
      );
    },
  };
}

async function makeAbsent(client: AgentMailClient, externalId: string): Promise<ResourceOutcome> {
  const [inboxId, apiKeyId] = externalId.split("/");
  if (!inboxId || !apiKeyId) throw new PlatformError("invalid", { detail: "not the id of a mailbox key" });
  await client.deleteInboxKey(inboxId, apiKeyId);
  const keys = await client.listInboxKeys(inboxId);
  const isGone = keys ? keys.every((key) => key.apiKeyId !== apiKeyId) : !(await isListed(client, inboxId));
  if (!isGone) throw new PlatformError("transient", { detail: "the key is still there" });
  return { kind: "absent" };
}
