import { randomInt } from "node:crypto";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { type Account, everyPage, orAbsent, ProviderError, request, until } from "./request.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const Profile = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  created_at: Type.Optional(Type.String()),
});
/** `status`: `pending`, `success` or `failure`; the documents also know `cancelled` and `deleted`. */
const Order = Type.Object({
  id: Type.String({ minLength: 1 }),
  status: Type.String(),
  customer_reference: Type.Optional(NullableString),
  phone_numbers: Type.Optional(Type.Array(Type.Object({ phone_number: Type.String() }))),
});
const PhoneNumber = Type.Object({
  id: Type.String({ minLength: 1 }),
  phone_number: Type.String({ minLength: 1 }),
  status: Type.String(),
});
type PhoneNumber = Static<typeof PhoneNumber>;
const Offer = Type.Object({ phone_number: Type.String({ minLength: 1 }) });
const Messaging = Type.Object({ messaging_profile_id: Type.Optional(NullableString) });

const PAGE_SIZE = 250;
const MAX_CANDIDATES = 5;
/** Not in a recent search, taken, reserved: by somebody who was faster. */
const TAKEN_CODES: ReadonlySet<string | undefined> = new Set(["85000", "85001", "85006"]);
/** From an order to a number that takes messages. */
const READY_MS = 90_000;
const DAILY_SPEND_LIMIT_USD = "5.00";

/** Ends with the messaging profile of the name, which may write to the US only; of several the oldest is it. */
export async function ensureProfile(account: Account, name: string): Promise<string> {
  const found = await list(
    account,
    Profile,
    `/messaging_profiles?filter[name][eq]=${encodeURIComponent(name)}`,
  );
  const [oldest] = found
    .filter((profile) => profile.name === name)
    .sort((a, b) => ((a.created_at ?? "") < (b.created_at ?? "") ? -1 : 1));
  if (oldest) return oldest.id;
  const body = {
    name,
    whitelisted_destinations: ["US"],
    webhook_api_version: "2",
    enabled: true,
    daily_spend_limit: DAILY_SPEND_LIMIT_USD,
    daily_spend_limit_enabled: true,
  };
  return (await one(account, Profile, "POST", "/messaging_profiles", body)).id;
}

/** What was bought or ordered under the name, in E.164. Numbers may carry it late, so orders are asked too. */
export async function findNumber(account: Account, name: string): Promise<string | undefined> {
  const query = `filter[customer_reference]=${encodeURIComponent(name)}`;
  const [number] = (await list(account, PhoneNumber, `/phone_numbers?${query}`)).filter(isAlive);
  if (number) return number.phone_number;
  const orders = (await list(account, Order, `/number_orders?${query}`)).filter(
    (order) => order.customer_reference === name,
  );
  for (const { status, phone_numbers: ordered } of orders) {
    const phoneNumber = ordered?.[0]?.phone_number;
    if (phoneNumber === undefined) continue;
    if (status === "pending") return phoneNumber;
    if (status === "success" && (await ownNumber(account, phoneNumber))) return phoneNumber;
  }
  return undefined;
}

/** Orders one local US number with SMS. It may be bought even when this throws: look for it before the next order. */
export async function orderNumber(account: Account, name: string, profileId: string): Promise<string> {
  for (let attempt = 0; attempt < MAX_CANDIDATES; attempt += 1) {
    const candidate = await pickCandidate(account);
    const body = {
      phone_numbers: [{ phone_number: candidate }],
      messaging_profile_id: profileId,
      customer_reference: name,
    };
    try {
      await one(account, Order, "POST", "/number_orders", body);
      return candidate;
    } catch (error) {
      if (!(error instanceof ProviderError && TAKEN_CODES.has(error.code))) throw error;
    }
  }
  throw new ProviderError(account, "every number that was offered was taken by others");
}

/** Waits until the number is the account's, and sees to it that it belongs to the profile. */
export async function settleNumber(account: Account, phoneNumber: string, profileId: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const { id } = await until(account, "the order has not become a number yet", READY_MS, () =>
    ownNumber(account, phoneNumber),
  );
  const path = `/phone_numbers/${encodeURIComponent(id)}/messaging`;
  await until(account, "the number takes no messages yet", deadline - Date.now(), async () => {
    const present = await orAbsent(one(account, Messaging, "GET", path));
    if (present === undefined || present.messaging_profile_id === profileId) return present;
    return orAbsent(one(account, Messaging, "PATCH", path, { messaging_profile_id: profileId }));
  });
}

async function ownNumber(account: Account, phoneNumber: string): Promise<PhoneNumber | undefined> {
  // The provider finds nothing for a `+`.
  const path = `/phone_numbers?filter[phone_number]=${phoneNumber.replace(/\D/g, "")}`;
  const found = await list(account, PhoneNumber, path);
  return found.find((number) => number.phone_number === phoneNumber && isAlive(number));
}

const isAlive = ({ status }: PhoneNumber): boolean =>
  !["deleted", "purchase-failed", "port-failed", "ported-out"].includes(status);

/** At random, as everybody who searches is offered the same numbers in the same order. */
async function pickCandidate(account: Account): Promise<string> {
  const filter =
    "filter[country_code]=US&filter[features][]=sms&filter[phone_number_type]=local&filter[exclude_held_numbers]=true";
  const path = `/available_phone_numbers?${filter}&filter[limit]=20`;
  const { data } = await request(account, Type.Object({ data: Type.Array(Offer) }), { method: "GET", path });
  const candidate = data[data.length === 0 ? 0 : randomInt(data.length)];
  if (candidate === undefined) throw new ProviderError(account, "no number is on offer");
  return candidate.phone_number;
}

async function one<Data extends TSchema>(
  account: Account,
  data: Data,
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: unknown,
): Promise<Static<Data>> {
  const wrapped = await request(account, Type.Object({ data: Type.Unknown() }), { method, path, body });
  if (Value.Check(data, wrapped.data)) return wrapped.data;
  throw new ProviderError(account, `an unknown answer to ${method} ${path}`);
}

const list = <Item extends TSchema>(account: Account, item: Item, path: string): Promise<Static<Item>[]> =>
  everyPage(account, async (number: number = 1) => {
    const query = `${path.includes("?") ? "&" : "?"}page[number]=${number}&page[size]=${PAGE_SIZE}`;
    const page = await request(account, Page, { method: "GET", path: `${path}${query}` });
    const items = page.data.filter((each): each is Static<Item> => Value.Check(item, each));
    if (items.length < page.data.length) throw new ProviderError(account, `an unknown answer to GET ${path}`);
    return { items, next: number < page.meta.total_pages ? number + 1 : undefined };
  });
const Page = Type.Object({
  data: Type.Array(Type.Unknown()),
  meta: Type.Object({ total_pages: Type.Integer() }),
});
