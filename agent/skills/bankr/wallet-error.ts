import type { Failure } from "./words.ts";

/** The wallet could not be read. Never a provider's words. */
export class WalletError extends Error {
  override readonly name = "WalletError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`the wallet could not be read: ${failure}`, options);
    this.failure = failure;
  }
}
