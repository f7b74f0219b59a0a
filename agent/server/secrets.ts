import { Type } from "typebox";
import { Value } from "typebox/value";
import type { AgentSecrets } from "../../domain/agent-protocol.ts";

export const SECRETS_MAX_BYTES = 8 * 1024;
const READ_TIMEOUT_MS = 15_000;

const Key = Type.String({ pattern: "^[0-9a-f]{64}$" });
const ProviderKey = Type.String({ minLength: 1, maxLength: 512 });
const strict = { additionalProperties: false } as const;
const Secrets = Type.Object(
  {
    instanceSecret: Key,
    modelKey: ProviderKey,
    stateKey: Key,
    equipment: Type.Optional(
      Type.Object(
        {
          mailbox: Type.Optional(Type.Object({ inboxId: ProviderKey, key: ProviderKey }, strict)),
          walletKey: Type.Optional(ProviderKey),
        },
        strict,
      ),
    ),
  },
  strict,
);

export class SecretsError extends Error {
  override readonly name = "SecretsError";
}

/** Reads one line of JSON from standard input and no more. Errors name what is wrong, never what was read. */
export async function readSecrets(
  input: AsyncIterable<Buffer | string>,
  timeoutMs: number = READ_TIMEOUT_MS,
): Promise<AgentSecrets> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SecretsError("no secrets came on standard input")), timeoutMs);
  try {
    const line = await Promise.race([readLine(input), tooLate]);
    return parseSecrets(line);
  } finally {
    clearTimeout(timer);
  }
}

async function readLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.length > SECRETS_MAX_BYTES) throw new SecretsError("the line of secrets is too long");
    if (text.includes("\n")) break;
  }
  return text.split("\n", 1)[0] ?? "";
}

/** One JSON object: the three secrets, and the equipment of a standalone agent. */
export function parseSecrets(line: string): AgentSecrets {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch {
    // The parser's message quotes its input, which is secret.
    throw new SecretsError("the secrets are not one line of JSON");
  }
  if (!Value.Check(Secrets, content))
    throw new SecretsError(
      "the secrets need exactly instanceSecret, modelKey and stateKey, keys as 64 hex digits",
    );
  return content;
}
