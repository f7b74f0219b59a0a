import {
  AGENT_PATHS,
  type InviteAnswer,
  type InviteRequest,
  MAC_HEADER,
  NONCE_HEADER,
  type ProvisionAnswer,
  type ProvisionRequest,
  type SignedStatus,
  statusRequestParts,
} from "../../../domain/agent-protocol.ts";
import { signParts } from "./mac.ts";

const CALL_TIMEOUT_MS = 20_000;

interface Called {
  /** 0 when the agent broke the connection off and the caller allowed that. */
  status: number;
  body: unknown;
}

/** Plain calls by the letter of the protocol, for the contract suite; trusts nothing and hides nothing. */
export class AgentCaller {
  readonly #secret: string;
  /** Every answer's text. */
  readonly seen: string[] = [];

  constructor(secret: string) {
    this.#secret = secret;
  }

  sign(parts: readonly string[]): string {
    return signParts(this.#secret, parts);
  }

  get(url: string, path: string, headers: Record<string, string> = {}): Promise<Called> {
    return this.#call(`${url}${path}`, { headers });
  }

  async post(
    url: string,
    path: string,
    body: unknown,
    { mayBreakOff = false }: { mayBreakOff?: boolean } = {},
  ): Promise<Called> {
    const headers = { authorization: `Bearer ${this.#secret}`, "content-type": "application/json" };
    try {
      return await this.#call(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    } catch (error) {
      if (!mayBreakOff) throw error;
      return { status: 0, body: undefined };
    }
  }

  askStatus(url: string, nonce: string): Promise<Called> {
    const mac = this.sign(statusRequestParts(nonce));
    return this.get(url, AGENT_PATHS.status, { [NONCE_HEADER]: nonce, [MAC_HEADER]: mac });
  }

  async status(url: string, nonce: string): Promise<SignedStatus> {
    const { status, body } = await this.askStatus(url, nonce);
    if (status !== 200 || !isAnswer<SignedStatus>(body)) throw new Error(`status answered ${status}`);
    return body;
  }

  async provision(url: string, request: ProvisionRequest): Promise<ProvisionAnswer> {
    const { status, body } = await this.post(url, AGENT_PATHS.provision, request);
    if (status !== 200 || !isAnswer<ProvisionAnswer>(body)) throw new Error(`provision answered ${status}`);
    return body;
  }

  async invite(url: string, request: InviteRequest): Promise<InviteAnswer> {
    const { status, body } = await this.post(url, AGENT_PATHS.invite, request);
    if (status !== 200 || !isAnswer<InviteAnswer>(body)) throw new Error(`invite answered ${status}`);
    return body;
  }

  async #call(url: string, init: RequestInit): Promise<Called> {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    const text = await response.text();
    this.seen.push(text);
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
}

/** Only that it is signed: the suite itself looks at every field. */
const isAnswer = <T extends { proof: string }>(body: unknown): body is T =>
  typeof body === "object" && body !== null && "proof" in body && typeof body.proof === "string";
