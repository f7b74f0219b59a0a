import { countPool } from "../../activities/registry/read-pool.ts";
import type { Gateway } from "../gateway.ts";
import { poolStatus } from "../pool-view.ts";
import { PoolCounts, PoolStatus } from "../schemas/pool.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

export function publicPoolRoutes(server: Server, { registry, config }: Gateway): void {
  server.get(
    "/api/pool/counts",
    {
      schema: {
        operationId: "poolCounts",
        summary: "How many agents are in which state",
        response: { 200: PoolCounts, ...PROBLEMS },
      },
      config: { access: "open", quiet: true },
    },
    () => countPool(registry, config.pool),
  );
}

export function poolRoutes(server: Server, gateway: Gateway): void {
  server.get(
    "/api/pool",
    {
      schema: {
        operationId: "pool",
        summary: "Settings and counts, and why the pool is not full",
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    () => poolStatus(gateway),
  );
}
