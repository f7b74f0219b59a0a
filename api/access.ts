import type { FastifyRequest, RouteOptions } from "fastify";
import type { Registry } from "../activities/registry/registry.ts";
import { PlatformError } from "../domain/errors.ts";
import { LIMITS } from "../domain/limits.ts";
import { bearerOf, type CallerKeys, digest, type KeyScope, scopeOf } from "./auth.ts";
import { authenticateInstance } from "./instance-auth.ts";
import { RateLimit } from "./rate-limit.ts";
import { type Access, isAccess, securityOf } from "./scopes.ts";
import type { Server } from "./server.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route. */
    access?: Access;
  }
}

/** Routes of this package's pages: the documentation is open to everybody. */
const DOCUMENTATION = /^\/docs(\/|$)/;
const OF_INSTANCE = /\/:id(\/|$)/;

/** What is asked whose a token is. */
interface Guarded {
  readonly config: { readonly callers: CallerKeys };
  readonly registry: Registry;
}

/**
 * Makes every route that is registered from now on ask for what its `access` says, before its body is read, and say so
 * in the OpenAPI document. A route without `access` ends the start: nothing is open by omission.
 */
export function guardRoutes(server: Server, gateway: Guarded): void {
  const guards = makeGuards(gateway);
  server.addHook("onRoute", (route) => {
    const access = accessOf(route);
    const security = securityOf(access);
    route.schema = { ...route.schema, security };
    route.onRequest = [guards[access], route.onRequest ?? []].flat();
  });
}

/** Throws when the route may not be served as it is. */
function accessOf(route: RouteOptions): Access {
  const name = `${route.method} ${route.url}`;
  const access = route.config?.access ?? (DOCUMENTATION.test(route.url) ? "open" : undefined);
  if (!isAccess(access)) throw new Error(`the route ${name} does not say who may call it`);
  // What the document does not show, the test of every route does not see.
  if (route.schema?.hide && access !== "open") throw new Error(`the route ${name} is hidden but not open`);
  if ((access === "instance" || access === "bootstrap") && !OF_INSTANCE.test(route.url))
    throw new Error(`the route ${name} names no instance`);
  return access;
}

type Guard = (request: FastifyRequest) => Promise<void>;

function makeGuards(gateway: Guarded): Record<Access, Guard> {
  const limits = {
    callers: new RateLimit(LIMITS.callerRate),
    agents: new RateLimit(LIMITS.agentRate),
    open: new RateLimit(LIMITS.addressRate),
    refused: new RateLimit(LIMITS.addressRate),
  };
  /** Who may not in is counted by address: tokens that are nobody's cost nothing to make up. */
  const refuse = (request: FastifyRequest, code: "unauthorized" | "forbidden"): never => {
    limits.refused.take(request.ip);
    throw new PlatformError(code);
  };
  const byKey =
    (allowed: readonly KeyScope[]): Guard =>
    async (request) => {
      const token = bearerOf(request) ?? refuse(request, "unauthorized");
      const scope = scopeOf(token, gateway.config.callers) ?? refuse(request, "unauthorized");
      if (!allowed.includes(scope)) refuse(request, "forbidden");
      limits.callers.take(digest(token).toString("base64"));
    };
  return {
    open: async (request) => limits.open.take(request.ip),
    claim: byKey(["claim", "admin"]),
    admin: byKey(["admin"]),
    async instance(request) {
      const token = bearerOf(request) ?? refuse(request, "unauthorized");
      try {
        request.instanceId = await authenticateInstance(gateway.registry, idOf(request), token);
      } catch (error) {
        if (error instanceof PlatformError) limits.refused.take(request.ip);
        throw error;
      }
      limits.agents.take(request.instanceId);
    },
    async bootstrap(request) {
      if (!bearerOf(request)) refuse(request, "unauthorized");
      // Its route finds out whose the token is.
      limits.open.take(request.ip);
    },
    signature: async (request) => limits.open.take(request.ip),
  };
}

function idOf({ params }: FastifyRequest): string {
  const { id }: { id?: unknown } = Object(params);
  return typeof id === "string" ? id : "";
}
