import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore } from "../base/record-store.ts";
import type { Route } from "../base/router.ts";
import { containerRoutes } from "./container-routes.ts";
import { dockerControl } from "./control.ts";
import { Engine } from "./engine.ts";
import { badRequest, pageNotFound, throttled } from "./errors.ts";
import { imageRoutes } from "./image-routes.ts";
import type { CreateBody } from "./records.ts";
import type { RunContainer } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { volumeRoutes } from "./volume-routes.ts";

const MAX_URLS = 10_000;

export interface DockerDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where containers, volumes and their files outlive the process; absent: in memory and a temporary folder. */
  dataDir?: string;
  /** Images that are here from the start, and those that a registry has; by the names that containers give. */
  images?: readonly string[];
  remoteImages?: readonly string[];
  runContainer?: RunContainer;
}

interface DockerState {
  containers: { id: string; name: string; image: string; status: string; labels: Record<string, string> }[];
  volumes: { name: string; labels: Record<string, string> }[];
  images: string[];
  settings: Settings;
}

export interface DockerDouble {
  /** `http://127.0.0.1:<port>` */
  url: string;
  host: string;
  port: number;
  faults: FaultBook;
  /** What exists; never an environment. */
  state(): DockerState;
  /** For tests in the same process: every URL that came, with its query. */
  urls(): readonly string[];
  /** For tests in the same process: the body with which a container was made. */
  createBody(name: string): CreateBody | undefined;
  /** Ends a running container as a kill from outside does (137). */
  crash(name: string): void;
  configure(change: Partial<Settings>): void;
  /** Ends every run, breaks off requests in flight and frees port and data folder. */
  close(): Promise<void>;
}

/** Starts a daemon with nothing but the images given, or with what is kept in `dataDir`. */
export async function startDockerDouble(options: DockerDoubleOptions = {}): Promise<DockerDouble> {
  const store = openRecordStore(options.dataDir, "docker");
  const clock = openClock(store);
  const { dataDir, runContainer } = options;
  const engine = new Engine(store, clock, { dataDir, runContainer });
  for (const name of options.images ?? []) engine.images.put(name, { name });
  const urls: string[] = [];
  const recorded = (route: Route): Route => ({
    ...route,
    handle(request) {
      if (urls.length < MAX_URLS) urls.push(`${request.method} ${request.path}?${request.query}`);
      return route.handle(request);
    },
  });
  const state = (): DockerState => ({
    containers: engine.containers().map(({ id, name, status, body }) => {
      return { id, name, image: body.Image, status, labels: body.Labels ?? {} };
    }),
    volumes: engine.volumes().map(({ name, labels }) => ({ name, labels })),
    images: engine.images.values().map(({ name }) => name),
    settings: engine.settings,
  });
  const routes = [
    ...containerRoutes(engine),
    ...volumeRoutes(engine),
    ...imageRoutes(engine, new Set(options.remoteImages)),
  ].map(recorded);
  const close = async (): Promise<void> => {
    await engine.close();
    store.close();
  };
  try {
    const server = await serveDouble(
      {
        name: "docker",
        routes,
        controlRoutes: dockerControl(engine),
        providerFaults: [],
        inventory: state,
        errors: { notFound: pageNotFound, badRequest, throttled },
      },
      clock,
      options.port ?? 0,
    );
    return {
      url: server.origin,
      host: "127.0.0.1",
      port: Number(new URL(server.origin).port),
      faults: server.faults,
      state,
      urls: () => urls,
      createBody: (name) => engine.container(name)?.body,
      crash: (name) => void engine.crash(name, { exitCode: 137, oomKilled: false }),
      configure(change) {
        engine.settings = { ...engine.settings, ...change };
      },
      async close() {
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
