import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { findTemporal, type TemporalSource } from "./temporal/find.ts";
import { prepareExistingServer, SEARCH_ATTRIBUTES } from "./temporal/search-attributes.ts";
import { DYNAMIC_CONFIG, type RunningTemporal, startTemporal } from "./temporal.ts";

const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** What is there; undefined while nobody listens or it is not ready. */
async function bodyOf(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.text() : undefined;
  } catch {
    // Nobody listens yet.
    return undefined;
  }
}

describe("startTemporal", () => {
  let dir = "";
  let cli: Extract<TemporalSource, { kind: "cli" }>;
  let server: RunningTemporal;
  const log = () => undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "convos-temporal-test-"));
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    const found = await findTemporal({ env, note: (text) => process.stderr.write(`${text}\n`) });
    if (found.kind !== "cli") throw new Error("a CLI was expected");
    cli = found;
    server = await startTemporal({ cli, dir, log });
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true });
  });

  it("passes the poll rates and durability settings to the server it runs", async () => {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,args="]);
    const program = stdout.split("\n").find((line) => {
      const [pgid, command] = line.trim().split(/\s+/);
      return Number(pgid) === server.pid && command === cli.path;
    });
    for (const [key, value] of Object.entries(DYNAMIC_CONFIG)) {
      expect(program).toContain(`--dynamic-config-value ${key}=${value}`);
    }
    expect(program).toContain("--sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=NORMAL");
    expect(program).toContain("--ip 127.0.0.1 ");
  });

  it("keeps its state in a file named after its version, in WAL mode", async () => {
    const files = await readdir(dir);
    expect(files).toContain(`temporal-${cli.version}-server-${cli.serverVersion}.db`);
    expect(files.some((name) => name.endsWith(".db-wal"))).toBe(true);
  });

  it("serves the Web UI", async () => {
    // The UI listens a moment after the server that it shows.
    const page = await eventually("the Web UI", () => bodyOf(server.uiUrl ?? ""));
    expect(page).toContain("sveltekit");
    const api = await eventually("its API", () => bodyOf(`${server.uiUrl}/api/v1/namespaces/default`));
    expect(JSON.parse(api)).toMatchObject({ namespaceInfo: { name: "default" } });
  });

  it("starts a workflow that is found by each search attribute", async () => {
    const connection = await Connection.connect({ address: server.address });
    try {
      const client = new Client({ connection });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: "default",
      });
      expect(Object.keys(customAttributes ?? {})).toEqual(
        expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)),
      );
      await client.workflow.start("nothing", {
        workflowId: "found",
        taskQueue: "none",
        searchAttributes: { InstanceId: ["abc"], StateSince: [new Date(0)] },
      });
      await expect
        .poll(
          async () =>
            (await client.workflow.count("InstanceId = 'abc' and StateSince < '1971-01-01T00:00:00Z'")).count,
        )
        .toBe(1);
    } finally {
      await connection.close();
    }
  });

  it("prepares a further namespace of a server that runs already, as often as asked", async () => {
    await prepareExistingServer(server.address, "other");
    await prepareExistingServer(server.address, "other");
    const connection = await Connection.connect({ address: server.address });
    try {
      await expect
        .poll(async () => {
          const found = await connection.operatorService.listSearchAttributes({ namespace: "other" });
          return Object.keys(found.customAttributes ?? {});
        })
        .toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
    } finally {
      await connection.close();
    }
  });

  it("keeps its workflows over a restart, without the UI when asked", async () => {
    const own = join(dir, "restarted");
    const first = await startTemporal({ cli, dir: own, headless: true, log });
    expect(first.uiUrl).toBeUndefined();
    const before = await Connection.connect({ address: first.address });
    await new Client({ connection: before }).workflow.start("nothing", {
      workflowId: "kept",
      taskQueue: "none",
    });
    await before.close();
    await first.stop();
    const second = await startTemporal({ cli, dir: own, headless: true, log });
    try {
      const after = await Connection.connect({ address: second.address });
      const { status } = await new Client({ connection: after }).workflow.getHandle("kept").describe();
      expect(status.name).toBe("RUNNING");
      await after.close();
    } finally {
      await second.stop();
    }
  });

  it("names the cause when its port is taken", async () => {
    const port = Number(server.address.split(":")[1]);
    const attempt = startTemporal({ cli, dir: join(dir, "taken"), port, headless: true, log });
    await expect(attempt).rejects.toThrow(/port \d+ is taken/);
  });
});
