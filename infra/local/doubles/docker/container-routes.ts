import { Value } from "typebox/value";
import { type JsonReply, json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Engine } from "./engine.ts";
import { badRequest, message, noSuchContainer } from "./errors.ts";
import { parseFilters } from "./filters.ts";
import { type ContainerRecord, CreateBody } from "./records.ts";

const NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

export function containerRoutes(engine: Engine): Route[] {
  /** Of an existing container; what is being removed can still be looked at. */
  const on =
    (handle: (container: ContainerRecord, request: DoubleRequest) => Reply) =>
    (request: DoubleRequest): Reply => {
      const id = request.params.id ?? "";
      const container = engine.container(id);
      return container ? handle(container, request) : noSuchContainer(id);
    };
  return [
    { method: "POST", path: "/containers/create", handle: (request) => create(engine, request) },
    { method: "GET", path: "/containers/json", handle: (request) => list(engine, request) },
    {
      method: "GET",
      path: "/containers/:id/json",
      handle: on((container) => json(200, describe(engine, container))),
    },
    { method: "POST", path: "/containers/:id/start", handle: on((container) => start(engine, container)) },
    { method: "POST", path: "/containers/:id/stop", handle: on((container) => stop(engine, container)) },
    {
      method: "DELETE",
      path: "/containers/:id",
      handle: on((container, { query }) => remove(engine, container, query)),
    },
  ];
}

function create(engine: Engine, { query, body }: DoubleRequest): JsonReply {
  const name = query.get("name") ?? "";
  if (!Value.Check(CreateBody, body))
    return badRequest("invalid JSON: the body is not a container's configuration");
  if (!NAME.test(name))
    return badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  if (!engine.images.get(body.Image)) return message(404, `No such image: ${body.Image}`);
  const holder = engine.container(name);
  if (holder) {
    return message(
      409,
      `Conflict. The container name "/${holder.name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }
  return json(201, { Id: engine.create(name.replace(/^\//, ""), body).id, Warnings: [] });
}

function list(engine: Engine, { query }: DoubleRequest): JsonReply {
  const matches = parseFilters(query.get("filters"));
  if (!matches) return badRequest("invalid filter");
  const all = ["1", "true", "True"].includes(query.get("all") ?? "");
  const found = engine
    .containers()
    .filter(({ status }) => all || status === "running" || status === "paused" || status === "restarting")
    .filter(({ status, body }) => matches({ status, labels: body.Labels ?? {} }));
  return json(
    200,
    found.toReversed().map(({ id, name, body, status, createdAt }) => ({
      Id: id,
      Names: [`/${name}`],
      Image: body.Image,
      Created: Math.floor(Date.parse(createdAt) / 1000),
      Labels: body.Labels ?? {},
      State: status,
      Status: status,
    })),
  );
}

function describe(engine: Engine, container: ContainerRecord): unknown {
  const { id, name, body, status, exitCode, oomKilled, health, createdAt, startedAt, finishedAt } = container;
  const port = engine.hostPort(id);
  const [published] = Object.entries(body.HostConfig?.PortBindings ?? {});
  const isUp = status === "running" && published && port !== undefined;
  return {
    Id: id,
    Name: `/${name}`,
    Created: createdAt,
    RestartCount: container.restartCount,
    State: {
      Status: status,
      Running: status === "running",
      Paused: status === "paused",
      Restarting: status === "restarting",
      OOMKilled: oomKilled,
      Dead: status === "dead",
      ExitCode: exitCode,
      Error: "",
      StartedAt: startedAt,
      FinishedAt: finishedAt,
      ...(health === "none" ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
    },
    Config: { Image: body.Image, Env: body.Env ?? [], Labels: body.Labels ?? {} },
    HostConfig: body.HostConfig ?? {},
    NetworkSettings: {
      Ports: isUp
        ? { [published[0]]: [{ HostIp: published[1][0]?.HostIp ?? "0.0.0.0", HostPort: String(port) }] }
        : {},
    },
  };
}

function start(engine: Engine, container: ContainerRecord): JsonReply {
  if (container.status === "running") return json(304, undefined);
  if (container.status === "removing" || container.status === "dead")
    return message(409, "container is marked for removal and cannot be started");
  engine.start(container);
  return json(204, undefined);
}

function stop(engine: Engine, container: ContainerRecord): JsonReply {
  if (container.status !== "running" && container.status !== "paused" && container.status !== "restarting")
    return json(304, undefined);
  engine.end(container, { exitCode: 143, oomKilled: false });
  return json(204, undefined);
}

function remove(engine: Engine, container: ContainerRecord, query: URLSearchParams): JsonReply {
  if (container.status === "removing")
    return message(409, `removal of container ${container.id} is already in progress`);
  const forced = ["1", "true"].includes(query.get("force") ?? "");
  if (!forced && (container.status === "running" || container.status === "paused")) {
    return message(
      409,
      `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`,
    );
  }
  engine.remove(container);
  return { ...json(204, undefined), delayMs: engine.settings.removalMs };
}
