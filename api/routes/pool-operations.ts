import { Type } from "typebox";
import { Value } from "typebox/value";
import { LIMITS } from "../../domain/limits.ts";
import {
  drain,
  pause,
  replenish,
  resume,
  rollout,
  setMaxAge,
  setRate,
  setTarget,
} from "../../workflows/messages.ts";
import type { Gateway } from "../gateway.ts";
import { fillBody } from "../optional-body.ts";
import { poolStatus } from "../pool-view.ts";
import { AuditBody } from "../schemas/audit.ts";
import { PoolStatus } from "../schemas/pool.ts";
import {
  CountBody,
  DrainedBody,
  EmptyBody,
  MaxAgeBody,
  PauseBody,
  RateBody,
  RolloutBody,
  TargetBody,
} from "../schemas/pool-operations.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

/** What operators do with the pool: updates of its workflow, which is started if it does not run. */
export function poolOperationRoutes(server: Server, gateway: Gateway): void {
  const { workflows } = gateway;
  const { pool } = gateway.config;
  server.post(
    "/api/pool/replenish",
    {
      schema: {
        operationId: "replenish",
        summary: "Start agents beyond the target",
        body: CountBody(LIMITS.replenishMaxCount),
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      await workflows.updatePool(pool, replenish, [request.body.count]);
      return poolStatus(gateway);
    },
  );
  server.post(
    "/api/pool/drain",
    {
      schema: {
        operationId: "drain",
        summary: "Explode idle agents, the oldest first",
        body: CountBody(LIMITS.drainMaxCount),
        response: { 200: DrainedBody, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => ({ drained: await workflows.updatePool(pool, drain, [request.body.count]) }),
  );
  server.post(
    "/api/pool/pause",
    {
      schema: {
        operationId: "pause",
        summary: "Start no more agents; idle ones are still handed out",
        body: PauseBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      await workflows.updatePool(pool, pause, [request.body.reason]);
      return poolStatus(gateway);
    },
  );
  server.post(
    "/api/pool/resume",
    {
      schema: {
        operationId: "resume",
        summary: "Start agents again after a pause",
        body: EmptyBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
      preValidation: fillBody,
    },
    async () => {
      await workflows.updatePool(pool, resume, []);
      return poolStatus(gateway);
    },
  );
  server.put(
    "/api/pool/target",
    {
      schema: {
        operationId: "setTarget",
        summary: "Set how many idle agents are kept",
        body: TargetBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      await workflows.updatePool(pool, setTarget, [request.body.target]);
      return poolStatus(gateway);
    },
  );
  server.put(
    "/api/pool/rate",
    {
      schema: {
        operationId: "setRate",
        summary: "Set how many agents the pool may start within a minute",
        body: RateBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      await workflows.updatePool(pool, setRate, [request.body.startsPerMinute]);
      return poolStatus(gateway);
    },
  );
  server.put(
    "/api/pool/max-age",
    {
      schema: {
        operationId: "setMaxAge",
        summary: "Set how old an idle agent may become before it is replaced",
        body: MaxAgeBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      await workflows.updatePool(pool, setMaxAge, [request.body.hours * 3_600]);
      return poolStatus(gateway);
    },
  );
  server.post(
    "/api/pool/rollout",
    {
      schema: {
        operationId: "rollout",
        summary: "Start agents of another generation from now on, or go back to the one before",
        body: RolloutBody,
        response: { 200: PoolStatus, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const { generation, strategy = "OnReplenish" } = request.body;
      await workflows.updatePool(pool, rollout, [generation, strategy]);
      return poolStatus(gateway);
    },
  );
  server.post(
    "/api/pool/reconcile",
    {
      schema: {
        operationId: "reconcile",
        summary: "Start now what must run and does not",
        body: EmptyBody,
        response: {
          200: Type.Object({}, { additionalProperties: true, description: "What was started." }),
          ...PROBLEMS,
        },
      },
      config: { access: "admin" },
      preValidation: fillBody,
    },
    async () => {
      const result = await workflows.reconcile();
      return typeof result === "object" && result !== null ? result : {};
    },
  );
  server.post(
    "/api/pool/audit",
    {
      schema: {
        operationId: "audit",
        summary: "Look for breaches of the invariants; repairs nothing",
        body: EmptyBody,
        response: { 200: AuditBody, ...PROBLEMS },
      },
      config: { access: "admin" },
      preValidation: fillBody,
    },
    async () => ({ violations: Value.Parse(AuditBody.properties.violations, await workflows.audit()) }),
  );
}
