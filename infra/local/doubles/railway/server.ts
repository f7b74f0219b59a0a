import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore, type RecordStore } from "../base/record-store.ts";
import { json } from "../base/reply.ts";
import { type ContainerSpec, Containers, type RunContainer } from "./containers.ts";
import { railwayControl } from "./control.ts";
import { Deployer } from "./deployer.ts";
import { type Edge, startEdge } from "./edge.ts";
import { invalidDocument, throttled } from "./errors.ts";
import { CLOUDFLARE_FAULT, graphqlRoute } from "./graphql-route.ts";
import { inventory, type RailwayState } from "./inventory.ts";
import { projectMutations } from "./project-mutations.ts";
import { queries } from "./queries.ts";
import { Removals } from "./removals.ts";
import { serviceMutations } from "./service-mutations.ts";
import type { Settings } from "./settings.ts";
import { Throttles } from "./throttles.ts";
import { Views } from "./views.ts";
import { Webhooks } from "./webhooks.ts";
import { Workspace } from "./workspace.ts";

export type { ContainerSpec, RunContainer };

export const DEFAULT_TOKEN = "local-railway-token";
export const DEFAULT_WORKSPACE_ID = "5f0c7f3e-6f5d-4a53-9a55-0d6a8b1c2e3f";
const TICK_MS = 50;

export interface RailwayDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where the workspace, the clock's offset and the volumes outlive the process; absent: they do not. */
  dataDir?: string;
  /** The one workspace token that is accepted. */
  token?: string;
  workspaceId?: string;
  /** Instead of the defaults; what was set by PATCH and kept in `dataDir` comes first. */
  settings?: Partial<Settings>;
  /** Runs what a service deploys; absent: deployments succeed and nothing answers behind them. */
  runContainer?: RunContainer;
  /** Domains are `127.0.0.1:<port>/<label>` and lead to the containers by plain HTTP. */
  localDomains?: boolean;
}

export interface RailwayDouble {
  /** The GraphQL endpoint, as a client is given it. */
  url: string;
  token: string;
  workspaceId: string;
  faults: FaultBook;
  /** The virtual time in milliseconds. */
  nowMs(): number;
  /** Moves the virtual clock forward. */
  advance(byMs: number): void;
  state(): RailwayState;
  /** Stops the containers, breaks off requests in flight and frees ports and data folder. */
  close(): Promise<void>;
}

/** Starts a workspace with nothing in it, or the one kept in `dataDir`. */
export async function startRailwayDouble(options: RailwayDoubleOptions = {}): Promise<RailwayDouble> {
  const store = openRecordStore(options.dataDir, "railway");
  const scratch = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), "railway-double-")) : undefined;
  const volumesDir = join(options.dataDir ?? scratch ?? "", "railway-volumes");
  const release = () => {
    store.close();
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  };
  try {
    return await start(options, store, volumesDir, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function start(
  options: RailwayDoubleOptions,
  store: RecordStore,
  volumesDir: string,
  release: () => void,
): Promise<RailwayDouble> {
  const token = options.token ?? DEFAULT_TOKEN;
  const workspaceId = options.workspaceId ?? DEFAULT_WORKSPACE_ID;
  const clock = openClock(store);
  const workspace = new Workspace(workspaceId, store, clock, options.settings ?? {});
  const containers = new Containers(workspace, options.runContainer, volumesDir);
  const webhooks = new Webhooks(workspace);
  const deployer = new Deployer(workspace, containers, webhooks);
  const removals = new Removals(workspace, deployer, containers);
  const throttles = new Throttles(workspace);
  const views = new Views(workspace);
  const edge = options.localDomains ? await startEdge(store, upstreams(workspace, containers)) : undefined;
  const newDomain = (label: string): string => (edge ? `${edge.host}/${label}` : `${label}.up.railway.app`);
  const settle = () => {
    deployer.walk();
    removals.purge();
  };
  const root = {
    ...queries(workspace, views),
    ...projectMutations(workspace, views, throttles, removals),
    ...serviceMutations({ workspace, views, throttles, deployer, removals, newDomain }),
  };
  const state = () => inventory(workspace);
  const server = await serveDouble(
    {
      name: "railway",
      routes: [graphqlRoute({ token, throttles, root, settle })],
      controlRoutes: railwayControl(workspace, deployer),
      providerFaults: [CLOUDFLARE_FAULT],
      inventory: state,
      errors: {
        notFound: () => json(404, { message: "Not Found" }),
        badRequest: (message) => invalidDocument("BAD_REQUEST", message),
        throttled,
      },
    },
    clock,
    options.port ?? 0,
  ).catch(async (error: unknown) => {
    await edge?.close();
    throw error;
  });
  const ticker = setInterval(settle, TICK_MS);
  return {
    url: `${server.origin}/graphql/v2`,
    token,
    workspaceId,
    faults: server.faults,
    nowMs: () => clock.nowMs(),
    advance(byMs) {
      clock.advance(byMs);
      settle();
    },
    state() {
      settle();
      return state();
    },
    async close() {
      clearInterval(ticker);
      await closeAll(server, edge, containers, webhooks);
      release();
    },
  };
}

async function closeAll(
  server: { close(): Promise<void> },
  edge: Edge | undefined,
  containers: Containers,
  webhooks: Webhooks,
): Promise<void> {
  await Promise.all([server.close(), edge?.close()]);
  await containers.close();
  await webhooks.close();
}

/** Where a local domain leads: null when there is no such domain, undefined when nothing runs behind it. */
const upstreams = (workspace: Workspace, containers: Containers) => (domain: string) => {
  const found = workspace.domains
    .values()
    .find((each) => each.domain === domain && each.deletedAtMs === null);
  return found === undefined ? null : containers.urlOf(found.serviceId);
};
