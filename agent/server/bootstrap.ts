import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import { errorName, type Log } from "./log.ts";
import { parseSecrets, SECRETS_MAX_BYTES, SecretsError } from "./secrets.ts";
import { backOffMs, pause } from "./wake.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_MS = 250;
const RETRY_MAX_MS = 10_000;
/** The token is worth nothing after ten minutes; the platform starts the agent anew long before. */
const GIVE_UP_AFTER_MS = 120_000;

/** `refused`: this token will never be good again. `unreachable`: nobody answered in time. */
export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
  readonly kind: "refused" | "unreachable";

  constructor(kind: BootstrapError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Takes the token out of the environment, so that no process that is started from here inherits it. */
export function takeBootstrapToken(environment: NodeJS.ProcessEnv): string | undefined {
  const token = environment.BOOTSTRAP_TOKEN;
  delete environment.BOOTSTRAP_TOKEN;
  return token === "" ? undefined : token;
}

export interface BootstrapOptions {
  gatewayUrl: string;
  instanceId: string;
  epoch: number;
  token: string;
  log: Log;
  /** Two minutes when not given. */
  giveUpAfterMs?: number;
}

/**
 * Redeems the token at the gateway. While the gateway is unreachable or in trouble it is asked again with growing
 * pauses. Throws BootstrapError, and SecretsError for an answer that does not hold the secrets.
 */
export async function fetchSecrets(options: BootstrapOptions): Promise<AgentSecrets> {
  const deadline = AbortSignal.timeout(options.giveUpAfterMs ?? GIVE_UP_AFTER_MS);
  for (let attempt = 0; !deadline.aborted; attempt += 1) {
    try {
      const answer = await redeem(options, deadline);
      if (answer !== "again") return answer;
    } catch (error) {
      if (error instanceof BootstrapError || error instanceof SecretsError) throw error;
      options.log("bootstrap-failed", { error: errorName(error) });
    }
    await pause(backOffMs(attempt, RETRY_MS, RETRY_MAX_MS), deadline);
  }
  throw new BootstrapError(
    "unreachable",
    "the platform did not answer, so there are no secrets to start with",
  );
}

async function redeem(
  { gatewayUrl, instanceId, epoch, token, log }: BootstrapOptions,
  deadline: AbortSignal,
): Promise<AgentSecrets | "again"> {
  const response = await fetch(`${gatewayUrl}/api/instances/${encodeURIComponent(instanceId)}/bootstrap`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ epoch }),
    redirect: "error",
    signal: AbortSignal.any([deadline, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const { status } = response;
  if (response.ok) return parseSecrets(await readText(response));
  await response.body?.cancel();
  if (status < 500 && status !== 408 && status !== 429)
    throw new BootstrapError("refused", `the platform refused the bootstrap token with ${status}`);
  log("bootstrap-failed", { status });
  return "again";
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > SECRETS_MAX_BYTES) throw new SecretsError("the answer with the secrets is too long");
  }
  return text;
}
