import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  AGENT_PATHS,
  type AgentStatus,
  type ExplodeRequest,
  MAC_HEADER,
  NONCE_HEADER,
  type ProvisionAnswer,
  type ProvisionRequest,
  provisionProofParts,
  type SignedStatus,
  statusProofParts,
  statusRequestParts,
} from "../../../domain/agent-protocol.ts";
import { macOf } from "../pool/instance-auth.ts";

const MAIN = {
  echo: fileURLToPath(new URL("./echo-main.ts", import.meta.url)),
  openclaw: fileURLToPath(new URL("../main.ts", import.meta.url)),
} as const;

export interface AgentIdentity {
  instanceId: string;
  instanceSecret: string;
  stateKey: string;
  modelKey: string;
}

export const newAgentIdentity = (): AgentIdentity => ({
  instanceId: randomBytes(6).toString("hex"),
  instanceSecret: randomBytes(32).toString("hex"),
  stateKey: randomBytes(32).toString("hex"),
  modelKey: `sk-or-v1-${randomBytes(32).toString("hex")}`,
});

export interface AgentProcessOptions {
  identity: AgentIdentity;
  stateDir: string;
  gatewayUrl: string;
  xmtpUrl: string;
  epoch?: number;
  /** What answers the turns; `echo` unless given. */
  brain?: keyof typeof MAIN;
  environment?: Readonly<Record<string, string>>;
}

/** A real agent process, and the platform's side of talking to it. */
export class AgentProcess {
  readonly child: ChildProcess;
  readonly #identity: AgentIdentity;
  readonly #exited: Promise<number | null>;
  #port = 0;
  #errorLines = "";

  private constructor(options: AgentProcessOptions) {
    const { identity } = options;
    this.#identity = identity;
    this.child = spawn(process.execPath, [MAIN[options.brain ?? "echo"]], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH ?? "",
        INSTANCE_ID: identity.instanceId,
        EPOCH: String(options.epoch ?? 1),
        GENERATION: "test",
        STATE_DIR: options.stateDir,
        GATEWAY_URL: options.gatewayUrl,
        XMTP_ENV: "local",
        XMTP_API_URL: options.xmtpUrl,
        MODEL_BASE_URL: "http://127.0.0.1:9",
        MODEL_ID: "test/model",
        ...options.environment,
      },
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#errorLines += chunk.toString();
    });
    this.#exited = once(this.child, "exit").then(([code]: unknown[]) =>
      typeof code === "number" ? code : null,
    );
    const { instanceSecret, modelKey, stateKey } = identity;
    this.child.stdin?.end(`${JSON.stringify({ instanceSecret, modelKey, stateKey })}\n`);
  }

  static async start(options: AgentProcessOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options);
    const listening = new Promise<string>((resolve, reject) => {
      let text = "";
      agent.child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("\n")) resolve(text);
      });
      agent.#exited.then((code) => reject(new Error(`the agent ended with ${code}: ${agent.#errorLines}`)));
    });
    const { listening: port }: { listening: number } = JSON.parse(await listening);
    agent.#port = port;
    return agent;
  }

  get log(): string {
    return this.#errorLines;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get exitCode(): Promise<number | null> {
    return this.#exited;
  }

  logged(event: string): boolean {
    return this.#errorLines.includes(`"event":"${event}"`);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#exited;
  }

  async stop(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.#exited;
  }

  /** The status, with its proof checked. */
  async status(): Promise<AgentStatus> {
    const nonce = randomBytes(16).toString("hex");
    const mac = macOf(this.#identity.instanceSecret, statusRequestParts(nonce));
    const response = await fetch(`${this.url}${AGENT_PATHS.status}`, {
      headers: { [NONCE_HEADER]: nonce, [MAC_HEADER]: mac },
    });
    if (!response.ok) throw new Error(`status was answered with ${response.status}`);
    const signed: SignedStatus = JSON.parse(await response.text());
    const { proof, ...status } = signed;
    if (proof !== macOf(this.#identity.instanceSecret, statusProofParts(nonce, status)))
      throw new Error("the status is not proved");
    return status;
  }

  post(path: string, body: unknown, secret = this.#identity.instanceSecret): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Provisions and checks the proof. Throws the problem's code when refused. */
  async provision(request: Omit<ProvisionRequest, "nonce">): Promise<ProvisionAnswer> {
    const nonce = randomBytes(16).toString("hex");
    const response = await this.post(AGENT_PATHS.provision, { ...request, nonce });
    const text = await response.text();
    if (!response.ok) {
      const problem: { code: string } = JSON.parse(text);
      throw new Error(`${response.status} ${problem.code}`);
    }
    const body: ProvisionAnswer = JSON.parse(text);
    if (body.proof !== macOf(this.#identity.instanceSecret, provisionProofParts(nonce, body)))
      throw new Error("the answer is not proved");
    return body;
  }

  async explode(reason: ExplodeRequest["reason"]): Promise<void> {
    const response = await this.post(AGENT_PATHS.explode, { reason });
    if (response.status !== 202) throw new Error(`explode was answered with ${response.status}`);
  }
}
