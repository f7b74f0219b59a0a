import { Type } from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Engine } from "./engine.ts";
import { ContainerStatus, HealthStatus } from "./records.ts";
import { SettingsSchema } from "./settings.ts";

const SettingsChange = Type.Partial(SettingsSchema, { additionalProperties: false });
const Crash = Type.Object(
  {
    exitCode: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    oomKilled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const State = Type.Object(
  { status: Type.Optional(ContainerStatus), health: Type.Optional(HealthStatus) },
  { additionalProperties: false },
);

/** The control endpoints of this double alone: its settings, and what befalls a container. */
export function dockerControl(engine: Engine): Route[] {
  const notFound = json(404, { error: "no such container, or it does not run" });
  return [
    {
      method: "PATCH",
      path: "/__double/docker/settings",
      handle({ body }) {
        if (!Value.Check(SettingsChange, body)) return json(400, { error: "not settings of this double" });
        engine.settings = { ...engine.settings, ...body };
        return json(200, engine.settings);
      },
    },
    {
      method: "POST",
      path: "/__double/docker/containers/:id/crash",
      handle({ params, body }) {
        const given = body ?? {};
        if (!Value.Check(Crash, given)) return json(400, { error: "expected {exitCode?, oomKilled?}" });
        const { exitCode = 137, oomKilled = false } = given;
        return engine.crash(params.id ?? "", { exitCode, oomKilled }) ? json(200, {}) : notFound;
      },
    },
    {
      method: "PATCH",
      path: "/__double/docker/containers/:id",
      handle({ params, body }) {
        if (!Value.Check(State, body)) return json(400, { error: "expected {status?, health?}" });
        const container = engine.container(params.id ?? "");
        if (!container) return notFound;
        engine.put({ ...container, ...body });
        return json(200, {});
      },
    },
  ];
}
