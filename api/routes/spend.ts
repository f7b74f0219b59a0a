import { type Static, Type } from "typebox";
import { giveGrant, readSpend, readSpendDays } from "../../activities/registry/spend.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { TOP_UP_MAX_USD, toMicros, toUsd } from "../../domain/money.ts";
import type { Gateway } from "../gateway.ts";
import { readOrThrow } from "../read-instance.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const strict = { additionalProperties: false } as const;
const Usd = (description: string) => Type.Number({ description: `${description}, in US dollars.` });

const TopUpBody = Type.Object(
  {
    reference: Type.String({
      pattern: "^[\\x21-\\x7e]{1,128}$",
      description: "Names the payment: the same one counts once.",
    }),
    amountUsd: Type.Number({ exclusiveMinimum: 0, maximum: TOP_UP_MAX_USD, multipleOf: 0.01 }),
  },
  strict,
);

const SpendBody = Type.Object(
  {
    grantedUsd: Usd("What it may spend in all"),
    limitUsd: Usd("The limit of its key, as set last"),
    usageUsd: Usd("What it has spent, as the provider said last"),
    exhaustedAt: Type.Unsafe<string | null>({
      type: ["string", "null"],
      format: "date-time",
      description: "Since when nothing is left to spend.",
    }),
    grants: Type.Array(
      Type.Object(
        {
          kind: Type.String({ enum: ["allowance", "top-up"] }),
          reference: Type.String({ description: "The month of an allowance." }),
          amountUsd: Usd("What it added"),
        },
        strict,
      ),
    ),
    days: Type.Array(
      Type.Object(
        {
          day: Type.String({ description: "YYYY-MM-DD, UTC; the newest first." }),
          usageUsd: Usd("All it had spent by then"),
          limitUsd: Usd("The limit by then"),
        },
        strict,
      ),
    ),
  },
  strict,
);

/** What an agent may spend on models and has spent. */
export function spendRoutes(server: Server, gateway: Gateway): void {
  const { registry, workflows, background } = gateway;
  server.get(
    "/api/instances/:id/spend",
    {
      schema: {
        operationId: "spend",
        summary: "What an agent may spend on models, and has spent by day",
        params: InstanceParams,
        response: { 200: SpendBody, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => spendOf(gateway, (await readOrThrow(gateway, request.params.id)).id),
  );
  server.post(
    "/api/instances/:id/top-ups",
    {
      schema: {
        operationId: "topUp",
        summary: "Let an agent spend more, once for each reference",
        description:
          "The limit at the provider follows within moments. It does not lapse at the end of a month.",
        params: InstanceParams,
        body: TopUpBody,
        response: { 200: SpendBody, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const { id, desired } = await readOrThrow(gateway, request.params.id);
      if (desired === "absent") throw new PlatformError("gone", { detail: `instance ${id}` });
      const { reference, amountUsd } = request.body;
      const { usage } = await readSpend(registry, id);
      await giveGrant(registry, id, { kind: "top-up", reference, amount: toMicros(amountUsd), usage });
      background.run("instance-wake", { instance: id }, () => workflows.wakeInstance(id));
      return spendOf(gateway, id);
    },
  );
}

async function spendOf({ registry }: Gateway, id: InstanceId): Promise<Static<typeof SpendBody>> {
  const [spend, days] = await Promise.all([readSpend(registry, id), readSpendDays(registry, id)]);
  return {
    grantedUsd: toUsd(spend.granted),
    limitUsd: toUsd(spend.limit),
    usageUsd: toUsd(spend.usage),
    exhaustedAt: spend.exhaustedAt?.toISOString() ?? null,
    grants: spend.grants.map(({ kind, reference, amount }) => ({
      kind,
      reference,
      amountUsd: toUsd(amount),
    })),
    days: days.map(({ day, usage, limit }) => ({ day, usageUsd: toUsd(usage), limitUsd: toUsd(limit) })),
  };
}
