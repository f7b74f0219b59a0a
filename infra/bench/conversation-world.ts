import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayPaths } from "../../agent/server/gateway/paths.ts";
import { groupRssBytes } from "../../agent/server/gateway/processes.ts";
import { statePaths } from "../../agent/server/state/paths.ts";
import { AgentProcess, newAgentIdentity } from "../../agent/server/testing/agent-process.ts";
import { startTestPlatform } from "../../agent/server/testing/platform.ts";
import { startOpenRouterDouble } from "../local/doubles/openrouter/server.ts";
import { freePort } from "../local/free-port.ts";
import { DEFAULT_MODEL } from "../local/settings-schema.ts";
import { startProgram } from "../testing/program.ts";
import { BenchPerson } from "./conversation-person.ts";
import { residentMib } from "./machine.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CLOCK = import.meta.resolve("./conversation-clock.ts");
const BOOT_MS = 300_000;
const CLAIM_ID = "abcdefghij0123456789";
const MIB = 2 ** 20;

/** An agent process and what the platform would do with it. */
export interface BenchAgent extends AsyncDisposable {
  /** From the start of the process to its report of being idle. */
  readonly bootMs: number;
  readonly inboxId: string;
  /** Claims it and returns the invite. */
  claim(): Promise<string | null>;
  /** Lets it begin as many turns again as a window allows. */
  allowTurns(): void;
  /** How often it decided whether a message was for it, by its words or by asking a model. */
  decisions(by: "words" | "model"): number;
  /** Resident MiB of the server, and of the gateway's process group. */
  memory(): Promise<{ server: number; gateway: number }>;
}

/** An XMTP node, a model that answers at once, agents and people: no platform, no database. */
export class ConversationWorld implements AsyncDisposable {
  readonly #folder: string;
  readonly #closers: (() => Promise<void>)[];
  readonly #xmtpUrl: string;
  readonly #modelUrl: string;
  readonly #managementKey: string;
  #count = 0;

  private constructor(parts: {
    folder: string;
    closers: (() => Promise<void>)[];
    xmtpUrl: string;
    modelUrl: string;
    managementKey: string;
  }) {
    this.#folder = parts.folder;
    this.#closers = parts.closers;
    this.#xmtpUrl = parts.xmtpUrl;
    this.#modelUrl = parts.modelUrl;
    this.#managementKey = parts.managementKey;
  }

  static async open(): Promise<ConversationWorld> {
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    const ports = ["--port", String(await freePort()), "--control-port", String(await freePort())];
    const node = await startProgram({
      script: join(ROOT, "infra/local/xmtp-node/main.ts"),
      args: [...ports, "--data", join(folder, "node")],
      env: {},
      logFile: join(folder, "node.log"),
    });
    const model = await startOpenRouterDouble();
    const closers = [
      () => rm(folder, { recursive: true, force: true }),
      () => node.stop(),
      () => model.close(),
    ];
    const { url: modelUrl, managementKey } = model;
    return new ConversationWorld({
      folder,
      closers,
      xmtpUrl: String(node.ready.url),
      modelUrl,
      managementKey,
    });
  }

  /** Starts an agent, with an echo instead of openclaw where no model is asked, and waits until it is idle. */
  async startAgent(brain: "openclaw" | "echo"): Promise<BenchAgent> {
    this.#count += 1;
    const identity = { ...newAgentIdentity(), modelKey: await this.#createModelKey() };
    const stateDir = join(this.#folder, `agent-${this.#count}`);
    const platform = await startTestPlatform(identity.instanceId, identity.instanceSecret);
    const started = performance.now();
    const agent = await AgentProcess.start({
      identity,
      stateDir,
      gatewayUrl: platform.url,
      xmtpUrl: this.#xmtpUrl,
      brain,
      environment: {
        MODEL_BASE_URL: this.#modelUrl,
        MODEL_ID: DEFAULT_MODEL,
        NODE_OPTIONS: `--import=${CLOCK}`,
      },
    });
    const stop = async (): Promise<void> => {
      await agent.stop();
      await platform.close();
    };
    try {
      await platform.waitFor("idle", BOOT_MS);
    } catch (error) {
      await stop();
      throw error;
    }
    const bootMs = performance.now() - started;
    const { inboxId } = await agent.status();
    return {
      bootMs,
      inboxId: inboxId ?? "",
      claim: async () =>
        (
          await agent.provision({
            claimId: CLAIM_ID,
            instructions: "You are our trip planner",
            name: "Marco",
          })
        ).inviteUrl,
      allowTurns: () => void agent.child.kill("SIGUSR2"),
      decisions: (by) => agent.log.split(`"decidedBy":"${by}"`).length - 1,
      memory: async () => {
        const { processFile } = gatewayPaths(statePaths(stateDir).gateway);
        const { pid }: { pid: number } = Object(JSON.parse(await readFile(processFile, "utf8")));
        const gateway = Math.round((groupRssBytes(pid) ?? 0) / MIB);
        // The gateway is a child of the server, in a process group of its own.
        return { server: (await residentMib(agent.child.pid ?? 0)) - gateway, gateway };
      },
      [Symbol.asyncDispose]: stop,
    };
  }

  async person(name: string): Promise<BenchPerson> {
    this.#count += 1;
    return BenchPerson.open(name, {
      apiUrl: this.#xmtpUrl,
      dbPath: join(this.#folder, `person-${this.#count}.db3`),
    });
  }

  async #createModelKey(): Promise<string> {
    const response = await fetch(`${this.#modelUrl}/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#managementKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "bench" }),
    });
    return String(Object(await response.json()).key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}
