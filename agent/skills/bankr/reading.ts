import { ToolError } from "../kit/tool-error.ts";
import { WalletError } from "./wallet-error.ts";
import { FAILURES } from "./words.ts";

/** What is wrong with the wallet, in a sentence for the model. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    throw new ToolError(`It cannot be done now: ${FAILURES[error.failure]}. Tell the person so.`, {
      cause: error,
    });
  }
}
