import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SKILL_NAMES } from "../skills/kit/skill.ts";
import { gatewayEnvironment } from "./gateway/environment.ts";
import { gatewayPaths } from "./gateway/paths.ts";
import { prepareGateway } from "./gateway/prepare.ts";
import { openIdentityFile } from "./state/identity-file.ts";
import { statePaths } from "./state/paths.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import type { SweepReport } from "./testing/sweep.ts";
import { formsOf, sweepAs } from "./testing/sweep-as.ts";
import { CLAIM_ID, World } from "./testing/world.ts";

/** Nobody else's on this machine: above those of local stacks and of the real gateway's test. */
const uid = 110_000 + (process.pid % 10_000);
const GATEWAY_TOKEN = "a-token-that-is-for-the-gateway";
const startedAtMs = Date.now();

let world: World;
let agent: AgentProcess;
let sleeper: ChildProcess;

const isPossible = process.platform === "linux" && process.getuid?.() === 0;

describe.runIf(isPossible)("the user of the model's gateway", () => {
  beforeAll(async () => {
    world = await World.open();
    // Whoever can pass to the state folder is held back by it alone.
    await chmod(dirname(world.stateDir), 0o711);
    agent = await world.startReadyAgent(1, { GATEWAY_UID: String(uid) });
    await agent.provision({ claimId: CLAIM_ID, instructions: "Keep our secrets." });
    // As the server starts its gateway, with something lighter in the place of openclaw.
    const paths = gatewayPaths(statePaths(world.stateDir).gateway);
    const user = { uid, gid: uid };
    const skills = { names: SKILL_NAMES, tools: [] };
    await prepareGateway({ paths, port: 1, loopbackUrl: "http://127.0.0.1:2", modelId: "m", skills, user });
    sleeper = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"], {
      cwd: paths.workspaceDir,
      env: gatewayEnvironment(paths, { url: "http://127.0.0.1:2", token: "x" }, GATEWAY_TOKEN),
      stdio: ["ignore", "pipe", "ignore"],
      ...user,
    });
    if (sleeper.stdout) await once(sleeper.stdout, "data");
  });
  afterAll(async () => {
    sleeper?.kill("SIGKILL");
    await world?.close();
  });

  const secrets = (): ReadonlyMap<string, string> => {
    const { instanceSecret, stateKey, modelKey } = world.identity;
    const { main, join: joining } = openIdentityFile(
      statePaths(world.stateDir).identity,
      stateKey,
    ).identities;
    return new Map([
      ["instance secret", instanceSecret],
      ["state key", stateKey],
      ["model key", modelKey],
      ["XMTP key", main.privateKey],
      ["XMTP key of the joiner", joining.privateKey],
    ]);
  };
  /** By every path below the state folder, which the agent's user knows better than anybody could guess. */
  const sweep = async (more: readonly [name: string, text: string][] = []): Promise<SweepReport> => {
    const paths = await readdir(world.stateDir, { recursive: true });
    return sweepAs(uid, {
      paths: paths.map((path) => join(world.stateDir, path)),
      folders: [
        { path: world.stateDir, maxDepth: 16, changedSinceMs: 0 },
        { path: tmpdir(), maxDepth: 2, changedSinceMs: startedAtMs },
      ],
      needles: [...secrets(), ...more].flatMap(([name, secret]) => formsOf(name, secret)),
    });
  };

  it("reads its own files and processes, and finds no secret of the agent in anything", async () => {
    const { found, read, refused, open, uid: as } = await sweep([["its own token", GATEWAY_TOKEN]]);
    expect(as).toBe(uid);
    expect(found).toEqual([{ needle: "its own token", path: `/proc/${sleeper.pid}/environ` }]);
    const { database, identity, gateway, xmtp } = statePaths(world.stateDir);
    for (const path of [
      database,
      identity,
      xmtp,
      `/proc/${agent.child.pid}/environ`,
      `/proc/${agent.child.pid}/fd`,
    ])
      expect(refused).toContain(path);
    expect(open.filter(({ pid }) => pid === sleeper.pid)).not.toEqual([]);
    expect(open.filter(({ path }) => path.startsWith(world.stateDir) && !path.startsWith(gateway))).toEqual(
      [],
    );
    expect(read).toContain(join(gateway, "openclaw.json"));
    expect(read).toContain(join(gateway, "workspace", "AGENTS.md"));
    expect(read.filter((path) => path.startsWith(world.stateDir) && !path.startsWith(gateway))).toEqual([]);
  });

  it.each([
    ["in a file that everybody may read", (text: string) => text],
    ["as bytes", (text: string) => Buffer.from(text.replace(/^0x/, ""), "hex")],
  ])("would find a secret %s", async (_how, form) => {
    const planted = join(world.stateDir, "left-open");
    for (const name of ["instance secret", "XMTP key"]) {
      await writeFile(planted, form(secrets().get(name) ?? ""), { mode: 0o644 });
      const { found } = await sweep();
      await rm(planted);
      expect(found.map(({ path }) => path)).toContain(planted);
      expect(found.every(({ needle }) => needle.startsWith(name))).toBe(true);
    }
  });

  it("would find a secret in an environment, and a file of the agent that was left open to it", async () => {
    const [name, secret] = [...secrets()][2] ?? ["", ""];
    const { identity } = statePaths(world.stateDir);
    const handle = openSync(identity, "r");
    const stdio: StdioOptions = ["ignore", "ignore", "ignore", handle];
    const careless = spawn("/bin/sleep", ["60"], { env: { KEY: secret }, uid, gid: uid, stdio });
    await once(careless, "spawn");
    closeSync(handle);
    const { found, open } = await sweep();
    careless.kill("SIGKILL");
    expect(found).toEqual([{ needle: name, path: `/proc/${careless.pid}/environ` }]);
    expect(open).toContainEqual({ pid: careless.pid, path: identity });
  });
});
