import { type Static, Type } from "typebox";
import { ToolError } from "../kit/tool-error.ts";
import { formatAmount, parseAmount } from "./amount.ts";
import { ASSETS } from "./assets.ts";
import { SPLIT_LIMITS } from "./limits.ts";
import { type Part, SplitError, settle, splitBill } from "./split.ts";

const { maxPeople, nameMaxChars, maxWeight } = SPLIT_LIMITS;

export const BillParameters = Type.Object(
  {
    total: Type.String(),
    unit: Type.String({ description: "Currency code, USDC or ETH", pattern: "^[A-Z]{3,4}$" }),
    people: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: nameMaxChars }),
          weight: Type.Optional(Type.Integer({ minimum: 0, maximum: maxWeight })),
          fixed: Type.Optional(Type.String()),
          paid: Type.Optional(Type.String({ description: "already paid" })),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: maxPeople },
    ),
  },
  { additionalProperties: false },
);

/** The shares of a bill and, where it is said who has paid, who pays whom, in lines for the model. Throws ToolError. */
export function billText({ total: totalText, unit, people }: Static<typeof BillParameters>): string {
  const decimals = decimalsOf(unit);
  const amountOf = (text: string, what: string): bigint => {
    const amount = parseAmount(text, decimals);
    if (amount === undefined)
      throw new ToolError(
        `${what} is not an amount of ${unit}. Write digits and a point, with at most ${decimals} places.`,
      );
    return amount;
  };
  const shown = (amount: bigint): string =>
    `${formatAmount(amount, decimals, Math.min(decimals, 2))} ${unit}`;
  const nameOf = (index: number): string => people[index]?.name ?? "";

  const total = amountOf(totalText, "total");
  const parts = people.map(({ name, weight, fixed }): Part => {
    if (fixed === undefined) return { weight: BigInt(weight ?? 1) };
    if (weight !== undefined) throw new ToolError(`${name} has both a weight and a fixed amount. Give one.`);
    return { fixed: amountOf(fixed, `fixed of ${name}`) };
  });
  const shares = sharesOf(total, parts);
  const lines = [
    `${shown(total)} among ${people.length}:`,
    ...shares.map((share, index) => `${nameOf(index)}: ${shown(share)}`),
  ];
  if (people.every(({ paid }) => paid === undefined)) return lines.join("\n");

  const paid = people.map((person) =>
    person.paid === undefined ? 0n : amountOf(person.paid, `paid of ${person.name}`),
  );
  const sum = paid.reduce((whole, one) => whole + one, 0n);
  if (sum !== total)
    throw new ToolError(
      `What was paid is ${shown(sum)} together, but the total is ${shown(total)}. Ask who paid what.`,
    );
  const debts = settle(paid, shares);
  return [
    ...lines,
    debts.length === 0 ? "Nobody owes anybody." : "To settle it:",
    ...debts.map(({ from, to, amount }) => `${nameOf(from)} pays ${nameOf(to)} ${shown(amount)}`),
  ].join("\n");
}

function sharesOf(total: bigint, parts: readonly Part[]): readonly bigint[] {
  try {
    return splitBill(total, parts);
  } catch (error) {
    if (error instanceof SplitError) throw new ToolError(`${error.message} Correct it and call again.`);
    throw error;
  }
}

function decimalsOf(unit: string): number {
  if (unit === "USDC" || unit === "ETH") return ASSETS[unit].decimals;
  if (!CURRENCIES.has(unit))
    throw new ToolError(`${unit} is no currency. Use a code such as USD, or USDC or ETH.`);
  return (
    new Intl.NumberFormat("en", { style: "currency", currency: unit }).resolvedOptions()
      .maximumFractionDigits ?? 2
  );
}
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));
