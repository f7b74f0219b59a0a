import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTemporal } from "../local/temporal/find.ts";
import { SEARCH_ATTRIBUTES } from "../local/temporal/search-attributes.ts";
import { type RunningTemporal, startTemporal } from "../local/temporal.ts";

const SCRIPT = join(import.meta.dirname, "setup-namespace.sh");
const INSTALL_TIMEOUT_MS = 15 * 60_000;

describe("setup-namespace.sh", () => {
  let folder = "";
  let server: RunningTemporal;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "convos-namespace-"));
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    const cli = await findTemporal({ env, note: (text) => process.stderr.write(`${text}\n`) });
    if (cli.kind !== "cli") throw new Error("a CLI was expected");
    await symlink(cli.path, join(folder, "temporal"));
    server = await startTemporal({ cli, dir: folder, headless: true, log: () => undefined });
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const run = (environment: Record<string, string>) =>
    promisify(execFile)("/bin/sh", [SCRIPT], {
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        HOME: folder,
        TEMPORAL_ADDRESS: server.address,
        ...environment,
      },
    });

  it("makes the namespace and every search attribute, and changes nothing when run again", async () => {
    const environment = { TEMPORAL_NAMESPACE: "staging", NAMESPACE_RETENTION: "72h" };
    for (const _ of [1, 2]) expect((await run(environment)).stdout).toContain("namespace staging is ready");
    const connection = await Connection.connect({ address: server.address });
    try {
      const found = await connection.operatorService.listSearchAttributes({ namespace: "staging" });
      expect(Object.keys(found.customAttributes ?? {})).toEqual(
        expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)),
      );
      const { config } = await connection.workflowService.describeNamespace({ namespace: "staging" });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(72 * 3600);
    } finally {
      await connection.close();
    }
  }, 60_000);

  it("registers the attributes that the local stack registers", async () => {
    const script = await readFile(SCRIPT, "utf8");
    const listed = [...script.matchAll(/^(\w+)=(Keyword|Datetime)$/gm)].map(([, name, type]) => [name, type]);
    expect(listed).toEqual(Object.entries(SEARCH_ATTRIBUTES));
  });

  it("refuses to run without a namespace", async () => {
    await expect(run({})).rejects.toThrow("TEMPORAL_NAMESPACE");
  });
});
