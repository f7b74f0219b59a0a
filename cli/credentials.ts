import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { CommandError, type Context, EXIT } from "./command.ts";

const FILE = "credentials.json";

const CredentialsFile = Type.Object({
  apiUrl: Type.String({ pattern: "^https?://" }),
  apiKey: Type.String({ minLength: 1 }),
  xmtpEnv: Type.Optional(
    Type.Union([Type.Literal("local"), Type.Literal("dev"), Type.Literal("production")]),
  ),
  xmtpApiUrl: Type.Optional(Type.String({ pattern: "^https?://" })),
});
type CredentialsFile = Static<typeof CredentialsFile>;

export type XmtpNetwork = NonNullable<CredentialsFile["xmtpEnv"]>;

export interface ApiCredentials {
  readonly apiUrl: string;
  readonly apiKey: string;
}

export interface XmtpEndpoint {
  readonly network: XmtpNetwork;
  /** Another node than the network's own. */
  readonly apiUrl: string | undefined;
}

export const stateDir = ({ root }: Context, state: string): string => resolve(root, state);

/** `API_URL` and `API_KEY`, else what the stack on this machine wrote down. */
export async function apiCredentials(context: Context, state: string): Promise<ApiCredentials> {
  const { API_URL: apiUrl, API_KEY: apiKey } = context.env;
  if (apiUrl && apiKey) return { apiUrl, apiKey };
  if (apiUrl || apiKey) {
    throw new CommandError(`only ${apiUrl ? "API_URL" : "API_KEY"} is set`, {
      hint: "Set both API_URL and API_KEY, or neither to use the stack on this machine.",
      exitCode: EXIT.usage,
    });
  }
  const file = await readCredentials(stateDir(context, state));
  if (file) return file;
  throw new CommandError(`there is no ${FILE} in ${stateDir(context, state)}`, {
    hint: "Start the stack with `npm start`, or set API_URL and API_KEY to use another one.",
    exitCode: EXIT.unreachable,
  });
}

/** `XMTP_ENV` and `XMTP_API_URL`, else those of the stack on this machine, else the network `local`. */
export async function xmtpEndpoint(context: Context, state: string): Promise<XmtpEndpoint> {
  const { XMTP_ENV, XMTP_API_URL } = context.env;
  const file = await readCredentials(stateDir(context, state));
  if (!XMTP_ENV) {
    return { network: file?.xmtpEnv ?? "local", apiUrl: XMTP_API_URL || file?.xmtpApiUrl };
  }
  if (XMTP_ENV !== "local" && XMTP_ENV !== "dev" && XMTP_ENV !== "production") {
    throw new CommandError("XMTP_ENV is none of local, dev, production", { exitCode: EXIT.usage });
  }
  const isOfFile = file?.xmtpEnv === XMTP_ENV;
  return { network: XMTP_ENV, apiUrl: XMTP_API_URL || (isOfFile ? file.xmtpApiUrl : undefined) };
}

async function readCredentials(dir: string): Promise<CredentialsFile | undefined> {
  const path = join(dir, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (Value.Check(CredentialsFile, value)) return value;
  throw new CommandError(`${path} is not what \`npm start\` writes`, {
    hint: "Remove it and start the stack again.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the key.
    return undefined;
  }
}
