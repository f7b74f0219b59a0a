import { timingSafeEqual } from "node:crypto";
import { buildSchema, type DocumentNode, executeSync, GraphQLError, parse, validate } from "graphql";
import Type from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import { invalidDocument, NullAnswer, unauthorizedReply } from "./errors.ts";
import { SDL } from "./sdl.ts";
import type { Throttles } from "./throttles.ts";

const RequestBody = Type.Object({
  query: Type.String(),
  variables: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])),
  operationName: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

/** A Cloudflare page in front of the API: the request never reached it. */
export const CLOUDFLARE_FAULT = "cloudflare1015";

interface Endpoint {
  token: string;
  throttles: Throttles;
  /** The functions behind the fields of `Query` and `Mutation`. */
  root: unknown;
  /** Brings what changes by time alone up to now. */
  settle(): void;
}

/** `POST /graphql/v2`: validated against the schema, executed, failures as HTTP 200 with `errors`. */
export function graphqlRoute(endpoint: Endpoint): Route {
  const schema = buildSchema(SDL);
  const execute = (body: unknown): JsonReply => {
    if (!Value.Check(RequestBody, body)) return invalidDocument("BAD_REQUEST", "no query in the body");
    let document: DocumentNode;
    try {
      document = parse(body.query);
    } catch (error) {
      if (error instanceof GraphQLError) return invalidDocument("GRAPHQL_PARSE_FAILED", error.message);
      throw error;
    }
    const [invalid] = validate(schema, document);
    if (invalid) return invalidDocument("GRAPHQL_VALIDATION_FAILED", invalid.message);
    const result = executeSync({
      schema,
      document,
      rootValue: endpoint.root,
      variableValues: body.variables ?? {},
      operationName: body.operationName ?? undefined,
    });
    const [first] = result.errors ?? [];
    if (first === undefined) return json(200, result);
    if (result.data === undefined) return invalidDocument("BAD_USER_INPUT", first.message);
    if (first.originalError instanceof NullAnswer)
      return json(200, { data: { [String(first.path?.[0])]: null } });
    if (first.originalError && !(first.originalError instanceof GraphQLError)) throw first.originalError;
    return json(200, result);
  };

  return {
    method: "POST",
    path: "/graphql/v2",
    handle(request: DoubleRequest): Reply {
      if (request.providerFault === CLOUDFLARE_FAULT) return cloudflarePage();
      endpoint.settle();
      const { refusal, headers } = endpoint.throttles.request();
      const reply =
        refusal ?? (isAuthorized(request, endpoint.token) ? execute(request.body) : unauthorizedReply());
      return { ...reply, headers: { ...headers, ...reply.headers } };
    },
  };
}

function isAuthorized({ headers }: DoubleRequest, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const cloudflarePage = (): Reply => ({
  kind: "stream",
  status: 429,
  headers: { "content-type": "text/html; charset=UTF-8" },
  parts: [
    {
      text: "<!DOCTYPE html>\n<html><head><title>Access denied</title></head><body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>\n",
    },
  ],
});
