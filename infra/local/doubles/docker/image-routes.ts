import { json, type Reply, type StreamPart } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Engine } from "./engine.ts";
import { message } from "./errors.ts";

/** An image's name has slashes, which the path does not encode. */
const PATHS = ["/images/:a/json", "/images/:a/:b/json", "/images/:a/:b/:c/json", "/images/:a/:b/:c/:d/json"];

/** `remote`: what its registries have. */
export function imageRoutes(engine: Engine, remote: ReadonlySet<string>): Route[] {
  return [
    ...PATHS.map((path): Route => ({ method: "GET", path, handle: (request) => inspect(engine, request) })),
    { method: "POST", path: "/images/create", handle: ({ query }) => pull(engine, remote, query) },
  ];
}

function inspect(engine: Engine, { params: { a, b, c, d } }: DoubleRequest): Reply {
  const name = [a, b, c, d].filter((part) => part !== undefined).join("/");
  return engine.images.get(name)
    ? json(200, { Id: "sha256:0", RepoDigests: [name] })
    : message(404, `No such image: ${name}`);
}

function pull(engine: Engine, remote: ReadonlySet<string>, query: URLSearchParams): Reply {
  const repository = query.get("fromImage") ?? "";
  const tag = query.get("tag") ?? "latest";
  const name = `${repository}${tag.startsWith("sha256:") ? "@" : ":"}${tag}`;
  if (!remote.has(name)) {
    return message(
      404,
      `pull access denied for ${repository}, repository does not exist or may require 'docker login'`,
    );
  }
  const lines: object[] = [
    { status: `Pulling from ${repository}`, id: tag },
    { status: "Downloading", progressDetail: { current: 1, total: 2 }, id: "layer" },
  ];
  const { pullError, pullBreaksOff } = engine.settings;
  if (pullError !== "") lines.push({ errorDetail: { message: pullError }, error: pullError });
  else if (!pullBreaksOff) {
    engine.images.put(name, { name });
    lines.push({ status: `Status: Downloaded newer image for ${name}` });
  }
  const parts = lines.map((line): StreamPart => ({ text: `${JSON.stringify(line)}\r\n` }));
  return { kind: "stream", status: 200, headers: { "content-type": "application/json" }, parts };
}
