import { spawn } from "node:child_process";
import { access, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dropPostgresData } from "./postgres/home.ts";
import { startTemporaryPostgres } from "./postgres/temporary.ts";
import { startPostgres } from "./postgres.ts";

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: statement, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe("startPostgres", () => {
  let folder = "";
  let dataDir = "";
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);

  beforeEach(async () => {
    // mkdtemp makes it private: as root, the user that Postgres runs as cannot enter it.
    folder = await mkdtemp(join(tmpdir(), "convos-postgres-test-"));
    dataDir = join(folder, "postgres");
  });
  afterEach(async () => {
    await dropPostgresData(dataDir);
    await rm(folder, { recursive: true });
  });

  it("keeps data and password over a restart, with fsync, in UTF-8 and byte order", async () => {
    const first = await startPostgres({ dataDir, log });
    try {
      expect(await ask(first.url, "show fsync")).toBe("on");
      expect(await ask(first.url, "show max_connections")).toBe("200");
      expect(await ask(first.url, "show server_encoding")).toBe("UTF8");
      expect(
        await ask(first.url, "select datcollate from pg_database where datname = current_database()"),
      ).toBe("C");
      await ask(first.url, "create table kept as select 'ü'::text as letter");
    } finally {
      await first.stop();
    }
    expect((await stat(join(dataDir, "password"))).mode & 0o777).toBe(0o600);

    const second = await startPostgres({ dataDir, log });
    try {
      expect(await ask(second.url, "select letter from kept")).toBe("ü");
      expect(new URL(second.url).password).toBe(new URL(first.url).password);
    } finally {
      await second.stop();
    }
  });

  it("stops with its parent however that ends, and starts again", async () => {
    const program = `
      const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, "postgres.ts"))});
      const { url } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: () => undefined });
      process.stdout.write(url);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await new Promise<string>((resolve) =>
      parent.stdout.once("data", (data) => resolve(String(data))),
    );
    await ask(url, "create table kept as select 1 as one");
    const gone = new Promise((resolve) => parent.once("exit", resolve));
    parent.kill("SIGKILL");
    await gone;

    const again = await startPostgres({ dataDir, log });
    try {
      expect(await ask(again.url, "select one from kept")).toBe(1);
    } finally {
      await again.stop();
    }
    await expect(ask(url, "select 1")).rejects.toThrow("ECONNREFUSED");
  });

  it("is not stopped by a stale pid file whose pid now belongs to a stranger", async () => {
    const first = await startPostgres({ dataDir, log });
    const clusterDir = String(await ask(first.url, "show data_directory"));
    await first.stop();
    const { uid, gid } = await stat(clusterDir);
    const stranger = spawn("sleep", ["60"], { uid, gid, stdio: "ignore" });
    try {
      const lines = [stranger.pid, clusterDir, 1_700_000_000, 5432, "", "127.0.0.1", "  1  1", "ready"];
      await writeFile(join(clusterDir, "postmaster.pid"), `${lines.join("\n")}\n`);
      const again = await startPostgres({ dataDir, log });
      await again.stop();
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("refuses to start twice on one folder", async () => {
    const first = await startPostgres({ dataDir, log });
    try {
      await expect(startPostgres({ dataDir, log, leftoverWaitMs: 300 })).rejects.toThrow(/already runs on/);
      expect(await ask(first.url, "select 1")).toBe(1);
    } finally {
      await first.stop();
    }
  });

  it("names the cause when its port is taken", async () => {
    const first = await startPostgres({ dataDir, log });
    const other = join(folder, "other");
    try {
      const port = Number(new URL(first.url).port);
      await expect(startPostgres({ dataDir: other, port, log })).rejects.toThrow(/Address already in use/);
    } finally {
      await first.stop();
      await dropPostgresData(other);
    }
  });

  it("logs an error without the values that caused it", async () => {
    const { url, stop } = await startPostgres({ dataDir, log });
    try {
      await ask(url, "create table once (word text primary key)");
      await ask(url, "insert into once values ('canary-9f2')");
      await expect(ask(url, "insert into once values ('canary-9f2')")).rejects.toThrow("duplicate key");
    } finally {
      await stop();
    }
    const printed = lines.join("\n");
    expect(printed).toContain("duplicate key");
    expect(printed).not.toContain("canary-9f2");
  });

  it("uses an external server as it is and leaves it running", async () => {
    const server = await startTemporaryPostgres();
    try {
      const used = await startPostgres({ dataDir, log, externalUrl: server.url });
      expect(used.url).toBe(server.url);
      await used.stop();
      expect(await ask(server.url, "select 1")).toBe(1);
      await expect(access(dataDir)).rejects.toThrow("ENOENT");
    } finally {
      await server.stop();
    }
  });

  it("drops everything, also what lives in the shared folder", async () => {
    const { stop } = await startPostgres({ dataDir, log });
    await stop();
    const elsewhere = await readFile(join(dataDir, "location"), "utf8").catch(() => undefined);
    expect(elsewhere !== undefined).toBe(process.getuid?.() === 0);
    await dropPostgresData(dataDir);
    for (const path of [dataDir, ...(elsewhere ? [elsewhere] : [])]) {
      await expect(access(path)).rejects.toThrow("ENOENT");
    }
  });

  it.runIf(process.getuid?.() === 0)(
    "removes what a deleted temporary folder left in the shared one",
    async () => {
      const { stop } = await startPostgres({ dataDir, log });
      await stop();
      const elsewhere = await readFile(join(dataDir, "location"), "utf8");
      await rm(dataDir, { recursive: true });
      const next = join(folder, "next");
      const other = await startPostgres({ dataDir: next, log });
      await other.stop();
      await expect(access(elsewhere)).rejects.toThrow("ENOENT");
      await dropPostgresData(next);
    },
  );
});
