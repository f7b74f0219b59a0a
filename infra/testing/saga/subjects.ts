import type { EquipmentItem } from "../../../domain/equipment.ts";
import type { ResourceName } from "../../../domain/ids.ts";
import type { FaultBook, FaultRule } from "../../local/doubles/base/faults.ts";
import type { Doubles } from "./doubles.ts";

type Match = FaultRule["match"];

/** One kind of resource as the matrix looks at it: where its calls are hit, and what its provider has. */
export interface Subject {
  title: string;
  provider: EquipmentItem["provider"];
  kind: string;
  /** Kinds of the same provider that are made before it, and those made after it. */
  before: readonly string[];
  after: readonly string[];
  /** The requests that make it and that make it absent. */
  makes: Match;
  unmakes: Match;
  faults(doubles: Doubles): FaultBook;
  /** External ids of what its provider has of this kind under the name. */
  present(doubles: Doubles, name: ResourceName): string[];
  /** How often the provider was ever made to charge for it. */
  charged?(doubles: Doubles, name: ResourceName): number;
  /** A request that its one-time secret is good for. */
  use?(doubles: Doubles, secret: string): [url: string, headers: Record<string, string>];
  /** Its provider keeps it when its rights are gone. */
  isRetained?: boolean;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

const walletKeys = ({ bankr }: Doubles, name: ResourceName): string[] => {
  const { wallets, keys } = bankr.state();
  const own = wallets.filter((wallet) => wallet.name === name).map(({ id }) => id);
  return keys
    .filter((key) => key.isActive && own.includes(key.walletId))
    .map(({ walletId, keyId }) => `${walletId}/${keyId}`);
};

const wallet: Subject = {
  title: "wallet",
  provider: "bankr",
  kind: "wallet",
  before: [],
  after: ["wallet-key"],
  makes: { method: "POST", path: "/partner/wallets$" },
  unmakes: { method: "DELETE", path: "/api-keys/" },
  faults: ({ bankr }) => bankr.faults,
  present: ({ bankr }, name) =>
    bankr
      .state()
      .wallets.filter((one) => one.name === name)
      .map(({ id }) => id),
  isRetained: true,
};

export const SUBJECTS: readonly Subject[] = [
  {
    title: "model key",
    provider: "openrouter",
    kind: "model-key",
    before: [],
    after: [],
    makes: { method: "POST", path: "/keys$" },
    unmakes: { method: "DELETE", path: "/keys/" },
    faults: ({ openrouter }) => openrouter.faults,
    present: ({ openrouter }, name) =>
      openrouter
        .state()
        .keys.filter((key) => key.name === name)
        .map(({ hash }) => hash),
    use: ({ openrouter }, secret) => [`${openrouter.url}/key`, bearer(secret)],
  },
  {
    title: "mailbox",
    provider: "agentmail",
    kind: "mailbox",
    before: [],
    after: ["mailbox-key"],
    makes: { method: "POST", path: "/inboxes$" },
    unmakes: { method: "DELETE", path: "/inboxes/[^/]+$" },
    faults: ({ agentmail }) => agentmail.faults,
    present: ({ agentmail }, name) =>
      agentmail
        .state()
        .inboxes.filter(({ clientId }) => clientId?.split(".")[0] === name)
        .map(({ inboxId }) => inboxId),
  },
  {
    title: "mailbox key",
    provider: "agentmail",
    kind: "mailbox-key",
    before: ["mailbox"],
    after: [],
    makes: { method: "POST", path: "/api-keys$" },
    unmakes: { method: "DELETE", path: "/api-keys/" },
    faults: ({ agentmail }) => agentmail.faults,
    present: ({ agentmail }, name) =>
      agentmail
        .state()
        .keys.filter((key) => key.name === name)
        .map(({ inboxId, apiKeyId }) => `${inboxId}/${apiKeyId}`),
    use: ({ agentmail }, secret) => [`${agentmail.url}/v0/inboxes`, bearer(secret)],
  },
  {
    title: "number",
    provider: "telnyx",
    kind: "number",
    before: [],
    after: [],
    makes: { method: "POST", path: "/number_orders$" },
    unmakes: { method: "DELETE", path: "/phone_numbers/" },
    faults: ({ telnyx }) => telnyx.faults,
    present: ({ telnyx }, name) =>
      telnyx
        .state()
        .numbers.filter(({ customerReference, tags }) => customerReference === name || tags.includes(name))
        .map(({ phoneNumber }) => phoneNumber),
    charged: ({ telnyx }, name) =>
      telnyx.state().orders.filter((order) => order.customerReference === name && order.status === "success")
        .length,
  },
  wallet,
  {
    title: "wallet key",
    provider: "bankr",
    kind: "wallet-key",
    before: ["wallet"],
    after: [],
    makes: { method: "POST", path: "/api-keys$" },
    unmakes: { method: "DELETE", path: "/api-keys/" },
    faults: ({ bankr }) => bankr.faults,
    present: walletKeys,
    use: ({ bankr }, secret) => [`${bankr.url}/wallet/portfolio`, { "x-api-key": secret }],
  },
];

/** A wallet whose end is hit where it reads what the wallet holds: by a key of its own. */
export const BALANCE: Subject = {
  ...wallet,
  title: "wallet, reading its balance",
  unmakes: { method: "POST", path: "/api-keys$" },
};
