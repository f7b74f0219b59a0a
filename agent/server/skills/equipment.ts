import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { StandaloneEquipment } from "../../../domain/agent-protocol.ts";
import { readCapped } from "../capped-body.ts";

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 64 * 1024;

const Item = Type.Object({
  provider: Type.String(),
  kind: Type.String(),
  status: Type.Union([
    Type.Literal("ready"),
    Type.Literal("coming"),
    Type.Literal("on-demand"),
    Type.Literal("off"),
  ]),
  externalId: Type.Optional(Type.String()),
  secret: Type.Optional(Type.String()),
});
const Answer = Type.Object({ items: Type.Array(Item) });
export type EquipmentItem = Static<typeof Item>;
export type EquipmentKind =
  | "agentmail/mailbox"
  | "agentmail/mailbox-key"
  | "telnyx/number"
  | "bankr/wallet-key";

const OFF: Pick<EquipmentItem, "status" | "externalId" | "secret"> = { status: "off" };

/** What the agent has at the providers beside its model. Secrets are kept in memory only. */
export interface Equipment {
  /** Asks the platform unless the item is known to be ready. Rejects when the platform does not answer. */
  get(kind: EquipmentKind): Promise<Pick<EquipmentItem, "status" | "externalId" | "secret">>;
  /** Has what is made on demand made. Rejects when the platform does not take it. */
  request(name: "number" | "wallet"): Promise<void>;
}

export interface EquipmentOptions {
  /** Undefined for a standalone agent, which was given what it has. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
  standalone: StandaloneEquipment | undefined;
}

export function createEquipment(options: EquipmentOptions): Equipment {
  const { gatewayUrl, instanceId, instanceSecret } = options;
  if (gatewayUrl === undefined) return standaloneEquipment(options.standalone ?? {});
  const url = `${gatewayUrl}/api/instances/${encodeURIComponent(instanceId)}/equipment`;
  const known = new Map<string, EquipmentItem>();

  const ask = async (body?: object): Promise<void> => {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${instanceSecret}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await readCapped(response, ANSWER_MAX_BYTES);
    if (!response.ok || text === undefined) throw new Error(`the platform answered ${response.status}`);
    for (const item of Value.Parse(Answer, JSON.parse(text)).items)
      known.set(`${item.provider}/${item.kind}`, item);
  };
  /** Several skills ask at once when the agent starts. */
  let asking: Promise<void> | undefined;
  return {
    get: async (kind) => {
      if (known.get(kind)?.status !== "ready") {
        asking ??= ask().finally(() => {
          asking = undefined;
        });
        await asking;
      }
      return known.get(kind) ?? OFF;
    },
    request: (name) => ask({ name }),
  };
}

function standaloneEquipment({ mailbox, walletKey }: StandaloneEquipment): Equipment {
  const items: Readonly<Partial<Record<EquipmentKind, typeof OFF>>> = {
    ...(mailbox && {
      "agentmail/mailbox": { status: "ready", externalId: mailbox.inboxId },
      "agentmail/mailbox-key": { status: "ready", secret: mailbox.key },
    }),
    ...(walletKey !== undefined && { "bankr/wallet-key": { status: "ready", secret: walletKey } }),
  };
  return {
    get: async (kind) => items[kind] ?? OFF,
    request: () => Promise.reject(new Error("there is no platform to ask")),
  };
}
