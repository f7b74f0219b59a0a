import { type Static, Type } from "typebox";
import { configuredProviders } from "../../activities/registry/accounts.ts";
import { readEquipment } from "../../activities/registry/equipment.ts";
import { intend, listResources } from "../../activities/registry/ledger.ts";
import { readSecret } from "../../activities/registry/secrets.ts";
import { EQUIPMENT, type EquipmentItem, equipmentKey, SECRET_OF } from "../../domain/equipment.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { Gateway } from "../gateway.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const strict = { additionalProperties: false } as const;

const EquipmentBody = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          provider: Type.String(),
          kind: Type.String(),
          status: Type.String({
            enum: ["ready", "coming", "on-demand", "off"],
            description: "`on-demand`: it is made when it is asked for. `off`: it never is.",
          }),
          externalId: Type.Optional(
            Type.String({ description: "A mailbox's address, a number in E.164, …" }),
          ),
          secret: Type.Optional(Type.String({ description: "A key that is the agent's alone." })),
        },
        strict,
      ),
    ),
  },
  strict,
);

const WishBody = Type.Object({ name: Type.Union([Type.Literal("number"), Type.Literal("wallet")]) }, strict);

type Item = Static<typeof EquipmentBody>["items"][number];

/** What an agent has at the providers. It is asked for by the agent itself and kept by nobody between. */
export function equipmentRoutes(server: Server, gateway: Gateway): void {
  const { registry, workflows, background } = gateway;
  server.get(
    "/api/instances/:id/equipment",
    {
      schema: {
        operationId: "equipment",
        summary: "For agents: what it has at the providers, with the instance's own secret as bearer token",
        params: InstanceParams,
        response: { 200: EquipmentBody, ...PROBLEMS },
      },
      config: { access: "instance", quiet: true },
    },
    async ({ instanceId }, reply) => {
      if (!instanceId) throw new PlatformError("unauthorized");
      reply.header("cache-control", "no-store");
      return { items: await viewEquipment(gateway, instanceId) };
    },
  );
  server.post(
    "/api/instances/:id/equipment",
    {
      schema: {
        operationId: "wishEquipment",
        summary: "For agents: ask for a number or a wallet that is made on demand",
        params: InstanceParams,
        body: WishBody,
        response: { 202: EquipmentBody, ...PROBLEMS },
      },
      config: { access: "instance" },
    },
    async ({ instanceId, body }, reply) => {
      if (!instanceId) throw new PlatformError("unauthorized");
      const { timings } = await readEquipment(registry, instanceId);
      const providers = await configuredProviders(registry);
      const wanted = EQUIPMENT.filter(({ timing }) => timing === body.name);
      if (timings[body.name] === "off" || !wanted.every(({ provider }) => providers.has(provider)))
        throw new PlatformError("conflict", { detail: `agents get no ${body.name} here` });
      for (const { provider, kind } of wanted) await intend(registry, instanceId, provider, kind);
      background.run("instance-wake", { instance: instanceId }, () => workflows.wakeInstance(instanceId));
      reply.code(202).header("cache-control", "no-store");
      return { items: await viewEquipment(gateway, instanceId) };
    },
  );
}

async function viewEquipment({ registry }: Gateway, id: InstanceId): Promise<Item[]> {
  const [rows, { timings }, providers] = await Promise.all([
    listResources(registry, id),
    readEquipment(registry, id),
    configuredProviders(registry),
  ]);
  return Promise.all(
    EQUIPMENT.map(async (item): Promise<Item> => {
      const { provider, kind } = item;
      const row = rows.find((one) => equipmentKey(one) === equipmentKey(item));
      if (row?.state !== "active" || row.externalId === undefined)
        return { provider, kind, status: statusOf(item, providers, timings, row !== undefined) };
      const secretKind = SECRET_OF[equipmentKey(item)];
      const secret = secretKind && (await readSecret(registry, id, secretKind));
      return {
        ...{ provider, kind, status: "ready", externalId: row.externalId },
        ...(secret === undefined ? {} : { secret }),
      };
    }),
  );
}

function statusOf(
  { provider, timing }: EquipmentItem,
  providers: ReadonlySet<string>,
  timings: Readonly<Record<"number" | "wallet", string>>,
  isAsked: boolean,
): Item["status"] {
  const when = timing === undefined ? "eager" : timings[timing];
  if (when === "off" || !providers.has(provider)) return "off";
  return when === "on-demand" && !isAsked ? "on-demand" : "coming";
}
