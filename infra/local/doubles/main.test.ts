import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doubles-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function start(flags: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const lines: string[] = [];
  const errors: string[] = [];
  child.stderr.on("data", (text) => errors.push(String(text)));
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const exited = once(child, "exit");
  await Promise.race([once(reader, "line"), exited]);
  const stop = async (signal: NodeJS.Signals): Promise<unknown> => {
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return { lines, errors, exited, stop };
}

const manage = (url: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: "Bearer local-management-key", "content-type": "application/json" },
  });

describe("main", () => {
  it("says in one line that it is ready, stops on a signal, and keeps its state", async () => {
    const first = await start(["--data", folder, "--port", "openrouter=0"]);
    const ready = JSON.parse(first.lines[0] ?? "");
    expect(ready).toEqual({
      ready: true,
      openrouter: {
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/),
        managementKey: "local-management-key",
      },
    });
    const created = await manage(ready.openrouter.url, "/keys", {
      method: "POST",
      body: '{"name":"kept","limit":7}',
    });
    const { key }: { key: string } = JSON.parse(await created.text());
    const chat = { model: "openrouter/auto", messages: [{ role: "user", content: "hi" }] };
    const asKey = { method: "POST", body: JSON.stringify(chat), headers: bearer(key) };
    expect((await fetch(`${ready.openrouter.url}/chat/completions`, asKey)).status).toBe(200);
    expect(await first.stop("SIGTERM")).toBe(0);
    expect([first.lines.length, first.errors]).toEqual([1, []]);

    const second = await start(["--data", folder, "--record-requests", "--port", "openrouter=0"]);
    const { url } = JSON.parse(second.lines[0] ?? "").openrouter;
    expect(await (await manage(url, "/keys")).json()).toMatchObject({ data: [{ name: "kept", limit: 7 }] });
    expect((await fetch(`${url}/chat/completions`, asKey)).status).toBe(200);
    expect(await (await manage(url, "/credits")).json()).toMatchObject({ data: { total_credits: 1000 } });
    const recorded = await fetch(new URL("/__double/openrouter/requests", url));
    expect(await recorded.json()).toEqual({ requests: [chat] });
    expect(await second.stop("SIGINT")).toBe(0);
  });

  it("starts every provider's double, with keys that nobody can guess without the secret", async () => {
    const known = await start([]);
    const secret = await start([], { DOUBLES_SECRET: "of this machine" });
    const [first, second] = [known, secret].map(({ lines }) => JSON.parse(lines[0] ?? ""));
    expect(Object.keys(second)).toEqual(["ready", "openrouter", "agentmail", "telnyx", "bankr"]);
    for (const [name, field] of [
      ["openrouter", "managementKey"],
      ["agentmail", "apiKey"],
      ["telnyx", "apiKey"],
      ["bankr", "partnerKey"],
    ] as const)
      expect(second[name][field]).not.toBe(first[name][field]);
    await Promise.all([known.stop("SIGTERM"), secret.stop("SIGTERM")]);
  });

  it("keeps keys when it is killed", async () => {
    const first = await start(["--data", folder, "--port", "openrouter=0"]);
    const { url } = JSON.parse(first.lines[0] ?? "").openrouter;
    expect((await manage(url, "/keys", { method: "POST", body: '{"name":"survivor"}' })).status).toBe(201);
    await first.stop("SIGKILL");
    const second = await start(["--data", folder, "--port", "openrouter=0"]);
    const again = JSON.parse(second.lines[0] ?? "").openrouter.url;
    expect(await (await manage(again, "/keys")).json()).toMatchObject({ data: [{ name: "survivor" }] });
    await second.stop("SIGTERM");
  });

  it.each([[["--surprise"]], [["--port", "openrouter=many"]], [["--port", "nobody=1"]], [["extra"]]])(
    "refuses %j",
    async (flags) => {
      const { exited, errors, lines } = await start(flags);
      const [code] = await exited;
      expect(code).toBe(1);
      expect(errors.join("")).toContain("usage:");
      expect(lines).toEqual([]);
    },
  );
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });
