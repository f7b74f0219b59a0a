import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { badRequest } from "./errors.ts";

const AREA_CODES = [
  ["312", "IL", "CHICAGO"],
  ["415", "CA", "SAN FRANCISCO"],
  ["646", "NY", "NEW YORK"],
  ["206", "WA", "SEATTLE"],
  ["512", "TX", "AUSTIN"],
  ["303", "CO", "DENVER"],
  ["617", "MA", "BOSTON"],
  ["404", "GA", "ATLANTA"],
  ["503", "OR", "PORTLAND"],
  ["215", "PA", "PHILADELPHIA"],
] as const;
/** 555-0100 to 555-0199 are set aside for fiction in every area. */
const PER_AREA = 100;
const FEATURES = ["sms", "mms", "voice", "fax", "emergency", "hd_voice"];
const MAX_LIMIT = 250;
const DEFAULT_LIMIT = 10;

export const UPFRONT_USD = 1;

interface Offer {
  phoneNumber: string;
  area: (typeof AREA_CODES)[number];
}

const STOCK: readonly Offer[] = Array.from({ length: PER_AREA }, (_, index) => index).flatMap((index) =>
  AREA_CODES.map((area) => ({ phoneNumber: `+1${area[0]}5550${100 + index}`, area })),
);

/** `/available_phone_numbers`: everybody is offered the same numbers in the same order. */
export function availableNumberRoutes(account: Account): Route[] {
  return [
    {
      method: "GET",
      path: "/v2/available_phone_numbers",
      handle({ query }) {
        const limit = Number(query.get("filter[limit]") ?? DEFAULT_LIMIT);
        if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
          return badRequest("filter[limit] is not valid");
        const found = matching(account, query).slice(0, limit);
        for (const { phoneNumber } of found) account.offers.put(phoneNumber, account.nowMs);
        const metadata = { total_results: found.length, best_effort_results: 0 };
        return json(200, { data: found.map(offerObject), meta: metadata, metadata });
      },
    },
  ];
}

/** Whether the number may be ordered: nobody has it and this account has it not on order. */
export function isAvailable(account: Account, phoneNumber: string): boolean {
  const isHad = account.numbers.values().some((number) => number.phoneNumber === phoneNumber);
  const isOrdered = account.orders
    .values()
    .some(
      ({ status, phoneNumbers }) =>
        status === "pending" && phoneNumbers.some((item) => item.phoneNumber === phoneNumber),
    );
  return !isHad && !isOrdered;
}

function matching(account: Account, query: URLSearchParams): Offer[] {
  const { soldOut, holdMs } = account.settings;
  const country = query.get("filter[country_code]");
  const type = query.get("filter[phone_number_type]");
  const area = query.get("filter[national_destination_code]");
  const features = [...query.getAll("filter[features]"), ...query.getAll("filter[features][]")].flatMap(
    (text) => text.split(","),
  );
  if (soldOut || (country && country !== "US") || (type && type !== "local")) return [];
  if (features.some((feature) => !FEATURES.includes(feature))) return [];
  const isHeld = (phoneNumber: string) => {
    const releasedAtMs = account.released.get(phoneNumber);
    return releasedAtMs !== undefined && account.nowMs < releasedAtMs + holdMs;
  };
  const hidesHeld = query.get("filter[exclude_held_numbers]") === "true";
  return STOCK.filter(
    ({ phoneNumber, area: [code] }) =>
      (!area || area === code) && isAvailable(account, phoneNumber) && !(hidesHeld && isHeld(phoneNumber)),
  );
}

const offerObject = ({ phoneNumber, area: [, state, city] }: Offer): Record<string, unknown> => ({
  record_type: "available_phone_number",
  phone_number: phoneNumber,
  vanity_format: "",
  best_effort: false,
  quickship: true,
  reservable: true,
  features: FEATURES.map((name) => ({ name })),
  region_information: [
    { region_type: "country_code", region_name: "US" },
    { region_type: "state", region_name: state },
    { region_type: "rate_center", region_name: city },
  ],
  cost_information: { upfront_cost: UPFRONT_USD.toFixed(5), monthly_cost: "1.00000", currency: "USD" },
});
