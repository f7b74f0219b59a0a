import { setTimeout as sleep } from "node:timers/promises";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { CommandError } from "../command.ts";

const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const POLL_MS = 500;

/** An account at a provider: whoever has its key can spend its money. */
export interface Account {
  /** The provider's name for people. */
  provider: string;
  baseUrl: string;
  key: string;
}

/** What the provider answered instead; never its body, which may hold a secret. */
export class ProviderError extends CommandError {
  override readonly name = "ProviderError";
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** The provider's own word for it. */
  readonly code: string | undefined;

  constructor({ provider }: Account, what: string, status?: number, code?: string) {
    const isDenied = status === 401 || status === 403;
    super(`${provider}: ${what}`, {
      hint: isDenied
        ? "Is the account's key right, and may it do this?"
        : "Run the command again: it goes on where it stopped and makes nothing twice.",
    });
    this.status = status;
    this.code = code;
  }
}

export interface Request {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the base, with its query. */
  path: string;
  body?: unknown;
}

/** One request, once. Throws a ProviderError for any answer but a 2xx of the shape. */
export async function request<Schema extends TSchema>(
  account: Account,
  schema: Schema,
  { method, path, body }: Request,
): Promise<Static<Schema>> {
  const what = `${method} ${path.split("?", 1)[0]}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${account.baseUrl.replace(/\/+$/, "")}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${account.key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    status = response.status;
    text = await readText(response);
  } catch {
    // The cause may quote the request; that nobody knows what has become of it is what matters.
    throw new ProviderError(account, `no answer to ${what}`);
  }
  const answer = parsed(text);
  if (status < 200 || status > 299) {
    const code = codeOf(answer);
    const answered = code === undefined ? `${status}` : `${status} (${code})`;
    throw new ProviderError(account, `${answered} to ${what}`, status, code);
  }
  if (!Value.Check(schema, answer)) throw new ProviderError(account, `an unknown answer to ${what}`, status);
  return answer;
}

const MAX_PAGES = 200;

/** All items of a list that is read page by page, each saying what to read next; undefined at its end. */
export async function everyPage<Item, Next>(
  account: Account,
  read: (next: Next | undefined) => Promise<{ items: Item[]; next: Next | undefined }>,
): Promise<Item[]> {
  const found: Item[] = [];
  let position: Next | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, next } = await read(position);
    found.push(...items);
    if (next === undefined) return found;
    position = next;
  }
  throw new ProviderError(account, "a list does not end");
}

/** For what may be gone already. */
export async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProviderError && error.status === 404) return undefined;
    throw error;
  }
}

/** Asks again until there is something, or throws a ProviderError when the time is over. */
export async function until<T>(
  account: Account,
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(POLL_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() >= deadline) throw new ProviderError(account, what);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const WithCode = Type.Object({ code: Type.String({ pattern: "^[A-Za-z0-9_]{1,40}$" }) });
const WithErrors = Type.Object({ errors: Type.Array(WithCode, { minItems: 1 }) });

/** AgentMail's is in the body, Telnyx's in the first of its errors. */
function codeOf(body: unknown): string | undefined {
  if (Value.Check(WithCode, body)) return body.code;
  return Value.Check(WithErrors, body) ? body.errors[0]?.code : undefined;
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    // A page of a proxy: no shape fits it.
    return undefined;
  }
}
