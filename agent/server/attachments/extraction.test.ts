import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { extractText } from "./extraction.ts";
import { createFileReader } from "./read-file.ts";
import { docx, paragraph } from "./testing/documents.ts";
import { startFileServer } from "./testing/file-server.ts";

const NEVER = new AbortController().signal;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "extraction-"));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a program that runs in the place of the extractor. */
async function program(name: string, source: string): Promise<string> {
  const path = join(folder, "programs", name, "main.mjs");
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, source);
  return path;
}

const run = (path: string, more: object = {}, signal = NEVER) =>
  extractText("pdf", Buffer.from("bytes"), { tmpDir: folder, program: path, ...more }, signal);

/** The process whose command line has this in it. */
async function pidOf(path: string): Promise<string | undefined> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "ended meanwhile");
    if (line.includes(path)) return pid;
  }
  return undefined;
}

describe("the extracting process", () => {
  it("has no rights", async () => {
    await writeFile(join(folder, "secret.txt"), "secret");
    const path = await program(
      "rights",
      `import { readFileSync, writeFileSync } from "node:fs";
       import { spawnSync } from "node:child_process";
       import { Worker } from "node:worker_threads";
       const tries = {
         read: () => readFileSync(${JSON.stringify(join(folder, "secret.txt"))}),
         readProc: () => readFileSync("/proc/self/environ"),
         write: () => writeFileSync("x.txt", "x"),
         spawn: () => spawnSync("true"),
         evaluate: () => eval("1"),
         thread: () => new Worker("1", { eval: true }),
       };
       const found = {};
       for (const [name, attempt] of Object.entries(tries))
         try { attempt(); found[name] = "done"; } catch (error) { found[name] = error.code ?? error.name; }
       const { env, argv } = process;
       const text = JSON.stringify({ found, env: Object.keys(env), last: argv.at(-1), uid: process.getuid() });
       process.stdout.write(JSON.stringify({ kind: "text", text, isCut: false }));`,
    );
    // An unprivileged account of its own can only be given by root.
    const uid = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
    const { text } = await run(path, uid === 65_534 ? { uid, gid: 65_534 } : {});
    const denied = "ERR_ACCESS_DENIED";
    expect(JSON.parse(text)).toEqual({
      found: {
        read: denied,
        readProc: denied,
        write: denied,
        spawn: denied,
        evaluate: "EvalError",
        thread: denied,
      },
      env: expect.not.arrayContaining(["HOME", "PATH", "NODE_OPTIONS"]),
      last: "pdf",
      uid,
    });
  });

  it("extracts under another account too", async () => {
    const ids = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const document = Buffer.from(docx(paragraph("Packing list")));
    expect(await extractText("packed", document, { tmpDir: folder, ...ids }, NEVER)).toEqual({
      text: "Packing list",
      isCut: false,
    });
  });

  it("is ended when it hangs", async () => {
    const path = await program("hang", "for (;;);");
    await expect(run(path, { timeoutMs: 500 })).rejects.toMatchObject({ problem: "took-too-long" });
    expect(await pidOf(path)).toBeUndefined();
  });

  it("is ended when nobody wants its result any more", async () => {
    const path = await program("unwanted", "setInterval(() => undefined, 1000);");
    const caller = new AbortController();
    const running = run(path, {}, caller.signal);
    const pid = await eventually("the process to run", () => pidOf(path));
    const limits = await readFile(`/proc/${pid}/limits`, "utf8");
    expect(limits).toMatch(/Max core file size +0 +0/);
    expect(limits).toMatch(/Max cpu time +60 +60/);
    caller.abort(new Error("the agent leaves"));
    await expect(running).rejects.toThrow("the agent leaves");
    expect(await pidOf(path)).toBeUndefined();
  });

  it("is ended when it takes too much memory outside of its heap", async () => {
    const path = await program(
      "memory",
      "const all = []; setInterval(() => all.push(Buffer.alloc(20_000_000, 1)), 10);",
    );
    const limit = { maxRssBytes: 200_000_000 };
    await expect(run(path, limit)).rejects.toMatchObject({ problem: "expands-too-much" });
  });

  it("ends when its heap is full", async () => {
    const path = await program(
      "heap",
      "const all = []; for (let i = 0; ; i += 1) all.push(Array.from({ length: 500_000 }, () => i + 0.5));",
    );
    const limit = { maxRssBytes: 4_000_000_000 };
    await expect(run(path, limit)).rejects.toMatchObject({ problem: "expands-too-much" });
  });

  it.each([
    ["writes without end", `const x = "x".repeat(100_000); setInterval(() => process.stdout.write(x), 1);`],
    ["fails", "process.exit(3);"],
    ["cannot be started", "not a program"],
    ["is silent", ""],
    ["writes nonsense", `process.stdout.write("nonsense");`],
    ["writes another problem than there are", `process.stdout.write('{"kind":"problem","problem":"x"}');`],
  ])("that %s is our problem and nobody's document", async (name, source) => {
    const logged: unknown[] = [];
    const path = await program(name.replaceAll(" ", "-"), source);
    const reader = createFileReader({
      tmpDir: folder,
      log: (event, fields) => void logged.push({ event, ...fields }),
      extraction: { program: path },
    });
    const bytes = Buffer.from("%PDF-1.7 secret words").toString("base64");
    const file = { kind: "inline", filename: "a.pdf", mimeType: "", bytes } as const;
    expect(await reader.read(file, NEVER)).toEqual({
      kind: "unreadable",
      filename: "a.pdf",
      problem: "internal",
    });
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain("secret");
  });

  it("that cannot be started at all is our problem too", async () => {
    const reader = createFileReader({ tmpDir: join(folder, "missing"), log: () => undefined });
    const bytes = Buffer.from("%PDF-1.7").toString("base64");
    const file = { kind: "inline", filename: "a.pdf", mimeType: "", bytes } as const;
    expect(await reader.read(file, NEVER)).toMatchObject({ problem: "internal" });
  });
});

describe("closing the reader", () => {
  it("ends what runs and what waits, and takes nothing any more", async () => {
    const path = await program("closing", "setInterval(() => undefined, 1000);");
    const server = await startFileServer(() => undefined);
    const reader = createFileReader({
      tmpDir: folder,
      allowedOrigins: [server.origin],
      log: () => undefined,
      extraction: { program: path },
    });
    const bytes = Buffer.from("%PDF-1.7").toString("base64");
    const inline = { kind: "inline", filename: "a.pdf", mimeType: "", bytes } as const;
    const keys = { contentDigest: "", secret: "", salt: "", nonce: "", contentLength: null };
    const remote = { kind: "remote", filename: "b.pdf", url: server.origin, ...keys } as const;
    const readings = [inline, remote, inline].map((file) => reader.read(file, NEVER));
    const settled = Promise.allSettled(readings);
    await eventually("the process to run", () => pidOf(path));
    await reader.close();
    expect(await pidOf(path)).toBeUndefined();
    expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(reader.read(inline, NEVER)).rejects.toThrow("closed");
    await server.close();
  });
});
