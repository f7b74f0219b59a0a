import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { Command } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { agentConfig, agentEnvironment, agentSecrets, readSettings } from "./settings.ts";

const SERVER = fileURLToPath(new URL("../server/main.ts", import.meta.url));
const INHERITED = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "NODE_EXTRA_CA_CERTS"];

export const gateway: Command = {
  summary: "run the agent without a platform",
  usage: `usage: gateway [options]

Runs the agent's server, which runs openclaw's gateway, until it is told to stop (Ctrl-C, SIGTERM) or has exploded. Its
secrets go to its standard input, its log is standard error, and its exit code is the command's.

${COMMON_USAGE}`,
  async run(context) {
    const { envFile } = parseOptions(context, {});
    const settings = readSettings(new EnvFile(envFile), context.env);
    agentConfig(settings);
    const secrets = agentSecrets(settings);
    const inherited = INHERITED.flatMap((name) => (context.env[name] ? [[name, context.env[name]]] : []));
    const child = spawn(process.execPath, [SERVER], {
      env: { ...Object.fromEntries(inherited), ...agentEnvironment(settings) },
      stdio: ["pipe", "inherit", "inherit"],
    });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
    child.stdin.on("error", () => {
      // It has ended before it read them; its exit code says so.
    });
    child.stdin.end(`${JSON.stringify(secrets)}\n`);
    const [code, signal]: unknown[] = await once(child, "exit");
    return typeof code === "number" ? code : exitCodeOf(signal);
  },
};

const exitCodeOf = (signal: unknown): number => {
  const found = Object.entries(constants.signals).find(([name]) => name === signal);
  return 128 + (found?.[1] ?? 0);
};
