import type { Payload } from "@temporalio/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Static, Type } from "typebox";
import { PlatformError } from "../../domain/errors.ts";
import { LIMITS } from "../../domain/limits.ts";
import { SealedPayloadError } from "../../infra/codec/payload-codec.ts";
import type { Gateway } from "../gateway.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const strict = { additionalProperties: false } as const;
const Base64 = Type.String({ pattern: "^[A-Za-z0-9+/_-]*={0,2}$" });
/** `Payloads` in protobuf's JSON, as the codec server's protocol has it. */
const PayloadsBody = Type.Object(
  {
    payloads: Type.Array(
      Type.Object(
        { metadata: Type.Optional(Type.Record(Type.String(), Base64)), data: Type.Optional(Base64) },
        strict,
      ),
    ),
  },
  strict,
);
type PayloadsBody = Static<typeof PayloadsBody>;

/** A codec server for Temporal's Web UI and command line: `--codec-endpoint <gateway>/codec`. */
export function codecRoutes(server: Server, { config, codec }: Gateway): void {
  const uiOrigin = config.temporalUiUrl === undefined ? undefined : new URL(config.temporalUiUrl).origin;
  /** Pages of the Web UI may read the answers; those of nobody else may. */
  const allowUi = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.header("vary", "origin").header("cache-control", "no-store");
    if (uiOrigin !== undefined && request.headers.origin === uiOrigin)
      reply
        .header("access-control-allow-origin", uiOrigin)
        .header("access-control-allow-credentials", "true");
  };
  const run = async (work: (payloads: Payload[]) => Promise<Payload[]>, body: PayloadsBody) => {
    try {
      return toBody(await work(toPayloads(body)));
    } catch (error) {
      if (error instanceof SealedPayloadError)
        throw new PlatformError("invalid-request", { detail: error.message });
      throw error;
    }
  };
  const schema = { body: PayloadsBody, response: { 200: PayloadsBody, ...PROBLEMS } };
  const options = { bodyLimit: LIMITS.codecBodyMaxBytes, onRequest: allowUi };
  server.post(
    "/codec/decode",
    {
      schema: {
        operationId: "decodePayloads",
        summary: "Open sealed payloads of Temporal's histories",
        ...schema,
      },
      config: { access: "admin", quiet: true },
      ...options,
    },
    (request) => run((payloads) => codec.decode(payloads), request.body),
  );
  server.post(
    "/codec/encode",
    {
      schema: {
        operationId: "encodePayloads",
        summary: "Seal payloads as the platform's own programs do",
        ...schema,
      },
      config: { access: "admin", quiet: true },
      ...options,
    },
    (request) => run((payloads) => codec.encode(payloads), request.body),
  );
  for (const url of ["/codec/decode", "/codec/encode"]) {
    // A browser asks without a token whether it may send one.
    server.options(
      url,
      { schema: { hide: true }, config: { access: "open", quiet: true }, onRequest: allowUi },
      (_request, reply) =>
        reply
          .code(204)
          .header("access-control-allow-methods", "POST")
          .header("access-control-allow-headers", "authorization, content-type, x-namespace")
          .send(),
    );
  }
}

const toPayloads = ({ payloads }: PayloadsBody): Payload[] =>
  payloads.map(({ metadata = {}, data = "" }) => ({
    metadata: mapValues(metadata, (value) => Buffer.from(value, "base64")),
    data: Buffer.from(data, "base64"),
  }));

const toBody = (payloads: readonly Payload[]): PayloadsBody => ({
  payloads: payloads.map(({ metadata, data }) => ({
    metadata: mapValues(metadata ?? {}, base64),
    data: base64(data),
  })),
});

const base64 = (bytes: Uint8Array | null | undefined): string =>
  Buffer.from(bytes ?? new Uint8Array()).toString("base64");

const mapValues = <From, To>(record: Record<string, From>, to: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
