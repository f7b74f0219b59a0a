import {
  AGENT_PATHS,
  type AgentStatus,
  type ExplodeRequest,
  type InviteRequest,
  inviteProofParts,
  MAC_HEADER,
  NONCE_HEADER,
  type ProvisionAnswer,
  type ProvisionRequest,
  provisionProofParts,
  statusProofParts,
  statusRequestParts,
} from "../../domain/agent-protocol.ts";
import type { AgentAttestation } from "../../domain/attestation.ts";
import { PlatformError } from "../../domain/errors.ts";
import { AgentConnection, type Answer, NoAnswerError, type Question } from "./agent-connection.ts";
import { inviteAnswer, provisionAnswer, type StatusAnswer, statusAnswer } from "./answers.ts";
import { freshNonce, macOf, verifyMac } from "./proof.ts";
import { noAnswer, refused } from "./refusal.ts";

/** Each call asks for a proved status first, so a call takes at most the sum of two of these: below 10 s. */
export const AGENT_TIMEOUTS_MS = {
  status: 2_000,
  provision: 7_000,
  notify: 3_000,
  invite: 5_000,
  explode: 5_000,
} as const;
export type AgentTimeoutsMs = Readonly<Record<keyof typeof AGENT_TIMEOUTS_MS, number>>;

/** Which process of which instance is meant, and where it was last seen to listen. */
export interface AgentTarget {
  url: string;
  instanceId: string;
  epoch: number;
  /** 64 hex. */
  instanceSecret: string;
  /** The inboxes that are known to be its own. Only a known one is attested. */
  inboxes?: { inboxId: string | undefined; joinInboxId: string | undefined };
}

/**
 * Calls to an agent. Every call opens one connection, on which the agent proves first that it is the process meant;
 * only then the instance secret or any text is sent, on that same connection.
 *
 * Errors are PlatformErrors: `agent-unreachable` (nothing was done), `agent-unproven`, a refusal's own code or
 * `agent-refused` (its `detail` is the agent's code), `ambiguous` (sent, and no answer tells what became of it).
 */
export class AgentClient {
  readonly #timeoutsMs: AgentTimeoutsMs;
  readonly #attest: (inboxId: string) => AgentAttestation | undefined;

  /** `attest` signs for an agent's inbox; without it agents are not attested. */
  constructor(
    options: {
      timeoutsMs?: Partial<AgentTimeoutsMs>;
      attest?: (inboxId: string) => AgentAttestation | undefined;
    } = {},
  ) {
    this.#timeoutsMs = { ...AGENT_TIMEOUTS_MS, ...options.timeoutsMs };
    this.#attest = options.attest ?? (() => undefined);
  }

  async status(target: AgentTarget): Promise<AgentStatus> {
    return this.#withProven(target, async (_connection, status) => status);
  }

  /**
   * Each attempt carries a nonce of its own and, where it is known, an attestation of the inbox that will speak: the one
   * that joins, where there is an invite. An agent that proves another inbox than the known one is unproven. With a
   * picture it carries the agent's own address too. The answer is proved and of this claim, instance and epoch.
   */
  async provision(
    target: AgentTarget,
    request: Omit<ProvisionRequest, "nonce" | "attestation" | "agentUrl">,
  ): Promise<ProvisionAnswer> {
    const nonce = freshNonce();
    const answer = await this.#act(target, "provision", (status): ProvisionRequest => {
      const speaking = request.joinUrl === undefined ? "inboxId" : "joinInboxId";
      const known = target.inboxes?.[speaking];
      // One that has none is not ready, and says so itself.
      if (known !== undefined && status[speaking] !== null && status[speaking] !== known)
        throw unproven("it speaks as another inbox than before");
      const attestation = known === undefined ? undefined : this.#attest(known);
      const addressed = request.profileImage === undefined ? {} : { agentUrl: target.url };
      return { ...request, ...addressed, nonce, ...(attestation && { attestation }) };
    });
    if (answer.status !== 200 || !provisionAnswer.Check(answer.body)) throw new PlatformError("ambiguous");
    const body = answer.body;
    if (!verifyMac(target.instanceSecret, provisionProofParts(nonce, body), body.proof))
      throw unproven("the answer to the provision is not signed with the instance's secret");
    if (body.claimId !== request.claimId) throw unproven("the answer is about another claim");
    assertMeant(target, body);
    return body;
  }

  /** An invite of the conversation of this claim, as it is now. The answer is proved and of this instance and epoch. */
  async invite(target: AgentTarget, claimId: string): Promise<string> {
    const nonce = freshNonce();
    const answer = await this.#act(target, "invite", () => ({ claimId, nonce }) satisfies InviteRequest);
    if (answer.status !== 200 || !inviteAnswer.Check(answer.body)) throw new PlatformError("ambiguous");
    const body = answer.body;
    if (!verifyMac(target.instanceSecret, inviteProofParts(nonce, body), body.proof))
      throw unproven("the invite is not signed with the instance's secret");
    if (body.claimId !== claimId) throw unproven("the invite is of another claim");
    assertMeant(target, body);
    return body.inviteUrl;
  }

  /** Resolves when the agent has taken it upon itself (202); the end is reported to the gateway. */
  async explode(target: AgentTarget, reason: ExplodeRequest["reason"]): Promise<void> {
    await this.#act(target, "explode", () => ({ reason }) satisfies ExplodeRequest);
  }

  /** `id` names something that the agent fetches and makes a turn of: at most 128 of `[A-Za-z0-9_-]`. */
  async notify(target: AgentTarget, id: string): Promise<void> {
    await this.#act(target, "notify", () => ({ id }));
  }

  #act(
    target: AgentTarget,
    action: "provision" | "notify" | "invite" | "explode",
    bodyFor: (status: StatusAnswer) => unknown,
  ): Promise<Answer> {
    return this.#withProven(target, async (connection, status) => {
      const answer = await ask(connection, {
        method: "POST",
        path: AGENT_PATHS[action],
        headers: { authorization: `Bearer ${target.instanceSecret}` },
        body: bodyFor(status),
        timeoutMs: this.#timeoutsMs[action],
      });
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw refused(answer);
    });
  }

  async #withProven<T>(
    target: AgentTarget,
    use: (connection: AgentConnection, status: StatusAnswer) => Promise<T>,
  ): Promise<T> {
    if (!URL.canParse(target.url))
      throw new PlatformError("agent-unreachable", { detail: "its url is not one" });
    const connection = new AgentConnection(target.url);
    try {
      return await use(connection, await provenStatus(connection, target, this.#timeoutsMs.status));
    } finally {
      connection.close();
    }
  }
}

async function provenStatus(
  connection: AgentConnection,
  target: AgentTarget,
  timeoutMs: number,
): Promise<StatusAnswer> {
  const nonce = freshNonce();
  const mac = macOf(target.instanceSecret, statusRequestParts(nonce));
  const headers = { [NONCE_HEADER]: nonce, [MAC_HEADER]: mac };
  const answer = await ask(connection, { method: "GET", path: AGENT_PATHS.status, headers, timeoutMs });
  if (answer.status >= 500)
    throw new PlatformError("agent-unreachable", { detail: `status answered ${answer.status}` });
  if (answer.status !== 200 || !statusAnswer.Check(answer.body))
    throw unproven(`what listens there is not an agent of ours (${answer.status})`);
  if (!verifyMac(target.instanceSecret, statusProofParts(nonce, answer.body), answer.body.proof))
    throw unproven("the status is not signed with the instance's secret");
  assertMeant(target, answer.body);
  return answer.body;
}

/** The secret outlives a process, so a stale process can prove it: the epoch tells them apart. */
function assertMeant(target: AgentTarget, answer: { instanceId: string; epoch: number }): void {
  if (answer.instanceId !== target.instanceId) throw unproven("it is another instance");
  if (answer.epoch !== target.epoch) throw unproven(`it is of epoch ${answer.epoch}, not ${target.epoch}`);
}

async function ask(connection: AgentConnection, question: Question): Promise<Answer> {
  try {
    return await connection.ask(question);
  } catch (error) {
    if (error instanceof NoAnswerError) throw noAnswer(question, error);
    throw error;
  }
}

const unproven = (detail: string): PlatformError => new PlatformError("agent-unproven", { detail });
