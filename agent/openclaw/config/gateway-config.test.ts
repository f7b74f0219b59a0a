import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openclawEntry, qrEncoderFile, TEMPLATE_DIR } from "../../server/gateway/paths.ts";
import {
  GATEWAY_TOKEN_VARIABLE,
  type GatewayConfigInput,
  gatewayConfig,
  LOOPBACK_TOKEN_VARIABLE,
} from "./gateway-config.ts";

const input = (hostTools: boolean): GatewayConfigInput => ({
  port: 18_789,
  loopbackUrl: "http://127.0.0.1:4000",
  modelId: "openai/gpt-5-mini",
  workspaceDir: "/state/workspace",
  extensionsDir: join(TEMPLATE_DIR, "extensions"),
  qrEncoderFile: qrEncoderFile(),
  logFile: "/state/gateway.log",
  hostTools,
  skills: { names: ["files"], tools: ["file_read"] },
});

describe("the gateway's configuration", () => {
  const config = gatewayConfig(input(true));

  it("knows one provider, one channel and three plugins, all ours", () => {
    expect(config.models?.mode).toBe("replace");
    expect(Object.values(config.models?.providers ?? {}).map((provider) => provider.baseUrl)).toEqual([
      "http://127.0.0.1:4000/llm",
    ]);
    expect(config.agents?.defaults?.model).toEqual({ primary: "openrouter/openai/gpt-5-mini" });
    expect(Object.keys(config.channels ?? {})).toEqual(["convos"]);
    expect(config.plugins?.allow).toEqual(["convos", "skills", "web-tools"]);
    expect(Object.keys(config.plugins?.entries ?? {})).toEqual(config.plugins?.allow);
    expect(config.plugins?.load?.paths).toEqual([
      join(TEMPLATE_DIR, "extensions", "convos"),
      join(TEMPLATE_DIR, "extensions", "skills"),
      join(TEMPLATE_DIR, "extensions", "web-tools"),
    ]);
  });

  it("writes no secret down: tokens come from the environment", () => {
    expect(config.gateway?.auth?.token).toBe(`\${${GATEWAY_TOKEN_VARIABLE}}`);
    expect(config.channels?.convos?.token).toBe(`\${${LOOPBACK_TOKEN_VARIABLE}}`);
    expect(JSON.stringify(config)).not.toMatch(/[0-9a-f]{32}/);
  });

  it("lets nobody command the gateway from the chat", () => {
    expect(config.commands).toEqual({
      allowFrom: { "*": [] },
      ownerAllowFrom: [],
      text: false,
      native: false,
      nativeSkills: false,
      bash: false,
      config: false,
      mcp: false,
      plugins: false,
      debug: false,
      restart: false,
    });
    expect(config.session?.resetTriggers).toEqual([]);
  });

  it("has nothing that runs by itself or calls home", () => {
    expect(config.cron?.enabled).toBe(false);
    expect(config.agents?.defaults?.heartbeat?.every).toBe("0m");
    expect(config.agents?.defaults?.utilityModel).toBe("");
    expect(config.plugins?.slots?.memory).toBe("none");
    expect(config.memory?.search?.enabled).toBe(false);
    expect(config.skills?.workshop?.autonomous?.mode).toBe("off");
    expect(config.agents?.defaults?.skills).toEqual(["files"]);
    expect(config.hooks).toEqual({ enabled: false, internal: { enabled: false } });
    expect(config.models?.catalogRefresh?.enabled).toBe(false);
    expect(config.update).toEqual({ checkOnStart: false, auto: { enabled: false } });
    expect(config.telemetry?.enabled).toBe(false);
    expect(config.discovery?.mdns?.mode).toBe("off");
    expect(config.browser?.enabled).toBe(false);
    expect(config.gateway?.reload?.mode).toBe("off");
    expect(config.gateway?.bind).toBe("loopback");
  });

  it("answers every turn it is given, may stay silent, and stops a model that loops", () => {
    expect(config.channels?.convos?.groupPolicy).toBe("open");
    expect(config.agents?.defaults?.silentReply?.group).toBe("allow");
    expect(config.tools?.loopDetection?.enabled).toBe(true);
    expect(config.tools?.toolSearch).toBe(false);
  });

  it("offers a shell and files only where the gateway has a uid of its own", () => {
    expect(config.tools?.allow).toEqual(expect.arrayContaining(["exec", "read", "write"]));
    expect(config.tools?.exec).toEqual({ host: "gateway", mode: "full" });
    const shared = gatewayConfig(input(false));
    expect(shared.tools?.allow).toEqual(["message", "web_fetch", "view_image", "file_read"]);
    expect(shared.tools?.deny).toEqual(
      expect.arrayContaining(["exec", "process", "read", "write", "edit", "apply_patch"]),
    );
    expect(shared.tools?.exec).toBeUndefined();
  });

  it.each(["automations", "cron", "heartbeat_respond", "gateway", "plugins", "browser", "group:sessions"])(
    "denies %s either way",
    (tool) => {
      for (const hostTools of [true, false]) {
        const { tools } = gatewayConfig(input(hostTools));
        expect(tools?.deny).toContain(tool);
        expect(tools?.allow).not.toContain(tool);
      }
    },
  );
});

describe("openclaw itself", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gateway-config-"));
    await mkdir(join(dir, "home"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const validate = async (config: unknown): Promise<{ valid: boolean; output: string }> => {
    const path = join(dir, "openclaw.json");
    await writeFile(path, JSON.stringify(config));
    const env = {
      PATH: process.env.PATH,
      HOME: join(dir, "home"),
      OPENCLAW_STATE_DIR: join(dir, "home"),
      OPENCLAW_CONFIG_PATH: path,
      OPENCLAW_NO_RESPAWN: "1",
      OPENCLAW_GATEWAY_TOKEN: "a",
      CONVOS_LOOPBACK_TOKEN: "b",
    };
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [openclawEntry(), "config", "validate", "--json"],
        { env, cwd: dir, timeout: 60_000 },
      );
      return { valid: true, output: stdout };
    } catch (error) {
      return { valid: false, output: String(error) };
    }
  };

  it("finds the configuration valid, and would notice a key it does not know", {
    timeout: 120_000,
  }, async () => {
    for (const hostTools of [true, false]) {
      const result = await validate(gatewayConfig({ ...input(hostTools), workspaceDir: join(dir, "w") }));
      expect(result).toMatchObject({ valid: true });
    }
    const config = gatewayConfig(input(true));
    const broken = await validate({ ...config, tools: { ...config.tools, loopDetektion: {} } });
    expect(broken.valid).toBe(false);
    const unconfigured = structuredClone(config);
    delete unconfigured.plugins?.entries?.["web-tools"]?.config;
    expect((await validate(unconfigured)).valid).toBe(false);
  });
});
