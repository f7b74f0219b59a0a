import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "../domain/agent-protocol.ts";
import { importsOf } from "../infra/checks/imports.ts";
import manifest from "./package.json" with { type: "json" };
import { AgentEnvironment, parseConfig } from "./server/config.ts";
import {
  copiesOf,
  copyContext,
  ignorer,
  instructionsOf,
  readText,
  variablesOf,
} from "./testing/dockerfile.ts";

const ROOT = join(import.meta.dirname, "..");
const dockerfile = readText(import.meta.dirname, "Dockerfile");
const dockerignore = readText(import.meta.dirname, "Dockerfile.dockerignore");
const instructions = instructionsOf(dockerfile);
const textOf = (wanted: string): string[] =>
  instructions.filter(({ name }) => name === wanted).map(({ text }) => text);

interface Ended {
  code: number;
  output: string;
}
const run = (
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, args, { env, cwd, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === "number" ? error.code : error ? -1 : 0,
        output: stdout + stderr,
      }),
    );
  });

describe("agent/Dockerfile", () => {
  it("is one stage on Debian 13 with this repository's Node, pinned by digest", () => {
    const { node } = JSON.parse(readText(ROOT, "package.json")).dependencies;
    expect(textOf("FROM")).toEqual([
      expect.stringMatching(new RegExp(`^node:${node}-trixie-slim@sha256:[0-9a-f]{64}$`)),
    ]);
  });

  it("installs everything while it is built: Chromium, ffmpeg, fonts, packages by the lockfile, the rest of openclaw", () => {
    const steps = textOf("RUN");
    expect(steps).toHaveLength(3);
    expect(steps[0]).toMatch(/^apt-get update && apt-get install --yes --no-install-recommends /);
    expect(steps[0]).toMatch(/ ca-certificates chromium ffmpeg fonts-/);
    expect(steps[0]).toContain("rm -rf /var/lib/apt/lists/*");
    expect(steps[1]).toMatch(/^npm ci --omit=dev --workspace agent /);
    expect(steps[2]).toBe("node node_modules/openclaw/openclaw.mjs --version");
    expect(textOf("ADD")).toEqual([]);
  });

  it("copies only what exists, and packages before sources", () => {
    const copied = copiesOf(instructions);
    for (const { sources } of copied)
      for (const source of sources) {
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(ignorer(dockerignore)(source), source).toBe(false);
      }
    expect(copied.flatMap(({ sources }) => sources)).toEqual([
      ...["package.json", "package-lock.json", "agent/package.json", "domain", "agent"],
    ]);
  });

  it("sets what the agent understands, and nothing that is secret or that can be given to a build", () => {
    const { NODE_ENV, ...variables } = variablesOf(instructions);
    expect(NODE_ENV).toBe("production");
    expect(
      Object.keys(variables).filter((name) => !Object.hasOwn(AgentEnvironment.properties, name)),
    ).toEqual([]);
    expect(textOf("ARG")).toEqual([]);
    expect(dockerfile).not.toMatch(/--mount=type=secret|[A-Z_]*(SECRET|TOKEN|PASSWORD|_KEY)\b/);
    const given = { INSTANCE_ID: "abcdef012345", EPOCH: "1", GENERATION: "g", GATEWAY_URL: "http://gateway" };
    const model = { XMTP_ENV: "dev", MODEL_BASE_URL: "https://model", MODEL_ID: "m" };
    expect(parseConfig({ ...variables, ...given, ...model })).toMatchObject({
      host: "0.0.0.0",
      port: Number(textOf("EXPOSE")[0]),
      stateDir: "/state",
      stateVolumeRequired: true,
      gatewayUid: expect.toSatisfy((uid: number) => uid >= 10_000),
    });
  });

  it("starts the server as root and as the first process", () => {
    expect(textOf("USER")).toEqual(["root"]);
    expect(textOf("ENTRYPOINT").map((text) => JSON.parse(text))).toEqual([["node", "agent/server/main.ts"]]);
    expect(textOf("CMD")).toEqual([]);
  });

  it("looks after its health by the agent's own route", async () => {
    const [command = "[]"] = /\[.*\]/.exec(textOf("HEALTHCHECK")[0] ?? "") ?? [];
    const [program, ...args]: string[] = JSON.parse(command);
    expect(program).toBe("node");
    let status = 200;
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const env = { PORT: String(typeof address === "object" ? address?.port : "") };
    const check = async (): Promise<number> => (await run(process.execPath, args, env)).code;
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).toBe(1);
    expect(asked).toEqual([AGENT_PATHS.health, AGENT_PATHS.health]);
  });
});

describe("what agent/Dockerfile copies", () => {
  /** Below the repository, so that packages are found as they are in the image, one folder above `agent`. */
  const cache = join(ROOT, ".cache");
  let image: string;

  beforeAll(() => {
    mkdirSync(cache, { recursive: true });
    image = mkdtempSync(join(cache, "agent-image-"));
    copyContext(ROOT, dockerfile, dockerignore, image);
  });
  afterAll(() => rmSync(image, { recursive: true, force: true }));

  it("has no tests, and no package that the agent's manifest does not name", () => {
    const files = globSync("**/*.{ts,mjs}", { cwd: image });
    expect(files.filter((file) => /\.test\.|\/testing\/|\/testdata\//.test(file))).toEqual([]);
    const packages = files.flatMap((file) => {
      const source = readFileSync(join(image, file), "utf8");
      const resolved = [...source.matchAll(/import\.meta\.resolve\("([^"]+)"\)/g)].map(
        ([, name = ""]) => name,
      );
      const imported = importsOf(source).flatMap(({ specifier, isType }) => (isType ? [] : [specifier]));
      return [...resolved, ...imported].filter((name) => !/^(\.|\/|node:)/.test(name));
    });
    const names = packages.map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    );
    expect(names.length).toBeGreaterThan(20);
    expect([...new Set(names)].filter((name) => !Object.hasOwn(manifest.dependencies, name))).toEqual([]);
  });

  it("is enough for its entry point, which says what it needs and ends", async () => {
    const { code, output } = await run(process.execPath, ["agent/server/main.ts"], {}, image);
    expect(code, output).toBe(78);
    expect(JSON.parse(output)).toMatchObject({ event: "cannot-start", error: "ConfigError" });
  });

  it("is enough to apply the template, and openclaw accepts it", async () => {
    const state = join(image, "state");
    const env = { PATH: process.env.PATH ?? "", STATE_DIR: state, MODEL_KEY: "sk-of-a-test" };
    const init = await run(
      process.execPath,
      [join(image, "agent/cli/start.mjs"), "init", "--env", join(image, ".env")],
      env,
    );
    expect(init.code, init.output).toBe(0);
    expect(init.output).toContain(`✓ openclaw.json  ${state}`);
  });
});
