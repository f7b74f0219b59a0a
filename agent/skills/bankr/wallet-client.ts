import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { isAddress, zeroAddress } from "viem";
import { formatAmount } from "./amount.ts";
import { ASSETS, CHAIN_IDS } from "./assets.ts";
import { Portfolio, readBalances, type WalletBalances } from "./balances.ts";
import { HTTP_LIMITS } from "./limits.ts";
import type { Terms } from "./payment.ts";
import { readTransferAnswer, type TransferOutcome } from "./transfer-answer.ts";
import { WalletError } from "./wallet-error.ts";

/** How the wallet is reached: by a key of its own, or through the platform's broker. The paths are the same. */
export interface WalletAccess {
  baseUrl: string;
  /** With the credential. */
  headers: Readonly<Record<string, string>>;
}

export interface WalletClient {
  /** Both throw WalletError, or the signal's reason. */
  address(signal?: AbortSignal): Promise<string>;
  balances(signal?: AbortSignal): Promise<WalletBalances>;
  /** Sends one request, once, and never throws. */
  transfer(terms: Terms): Promise<TransferOutcome>;
}

const Wallets = Type.Object({ wallets: Type.Array(Type.Object({ address: Type.String() })) });
/** The request has certainly not left. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$/;

/** Bankr's wallet API over plain HTTP; nothing is ever repeated. Source: Bankr documents "Wallet API". */
export function createWalletClient(
  wallet: () => Promise<WalletAccess | undefined>,
  {
    readTimeoutMs,
    transferTimeoutMs,
    maxAnswerBytes,
  }: Readonly<Record<keyof typeof HTTP_LIMITS, number>> = HTTP_LIMITS,
): WalletClient {
  /** The error of whoever gives the access may quote anything. */
  const reach = async (): Promise<WalletAccess> => {
    let access: WalletAccess | undefined;
    try {
      access = await wallet();
    } catch (error) {
      throw new WalletError("unreachable", { cause: { code: codeOf(error) } });
    }
    if (access === undefined) throw new WalletError("no-wallet");
    return access;
  };

  const request = async (
    { baseUrl, headers }: WalletAccess,
    path: string,
    init: RequestInit,
  ): Promise<Answer> => {
    const answer = await fetch(`${baseUrl.replace(/\/$/, "")}${path}`, {
      ...init,
      headers: {
        accept: "application/json",
        ...(init.body ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      redirect: "error",
    });
    return { status: answer.status, text: await readCapped(answer, maxAnswerBytes) };
  };

  const read = async <T extends TSchema>(
    path: string,
    schema: T,
    signal?: AbortSignal,
  ): Promise<Static<T>> => {
    const access = await reach();
    let answer: Answer;
    try {
      const timeout = AbortSignal.timeout(readTimeoutMs);
      answer = await request(access, path, {
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new WalletError("unreachable", { cause: { code: codeOf(error) } });
    }
    if (answer.status === 401 || answer.status === 403) throw new WalletError("denied");
    if (answer.status === 402) throw new WalletError("no-credit");
    if (answer.status === 429) throw new WalletError("throttled");
    const body = answer.status === 200 ? parseJson(answer.text) : undefined;
    if (!Value.Check(schema, body)) throw new WalletError("unreachable");
    return body;
  };

  return {
    address: async (signal) => {
      const { wallets } = await read("/wallet/me", Wallets, signal);
      const own = wallets.find(({ address }) => isAddress(address, { strict: false }));
      if (own === undefined) throw new WalletError("no-wallet");
      return own.address;
    },
    balances: async (signal) => {
      // Without the second parameter everything below a dollar is left out.
      const path = `/wallet/portfolio?chains=${CHAIN_IDS.join(",")}&showLowValueTokens=true`;
      return readBalances(await read(path, Portfolio, signal));
    },
    transfer: async (terms) => {
      let access: WalletAccess;
      try {
        access = await reach();
      } catch (error) {
        return { kind: "refused", failure: error instanceof WalletError ? error.failure : "unreachable" };
      }
      try {
        const { status, text } = await request(access, "/wallet/transfer", {
          method: "POST",
          body: JSON.stringify(transferBody(terms)),
          signal: AbortSignal.timeout(transferTimeoutMs),
        });
        return readTransferAnswer(status, text);
      } catch (error) {
        // What failed on the way back has been carried out, for all that is known here.
        return NOT_SENT.test(codeOf(error))
          ? { kind: "refused", failure: "unreachable" }
          : { kind: "unknown" };
      }
    },
  };
}

interface Answer {
  status: number;
  text: string;
}

const transferBody = ({ to, amount, asset, chain }: Terms) => {
  const { decimals, contracts } = ASSETS[asset];
  return {
    recipientAddress: to,
    tokenAddress: contracts?.[chain] ?? zeroAddress,
    isNativeToken: contracts === undefined,
    amount: formatAmount(BigInt(amount), decimals),
    chain,
  };
};

async function readCapped(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new WalletError("unreachable");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON; the parser's message would quote it.
    return undefined;
  }
}

/** The system's word for what failed; fetch has it one level down. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}
