import { PlatformError } from "../../domain/errors.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** The kinds that this installation has an account for. A provider without a key has none. */
export class ResourceCatalogue {
  readonly #kinds: ReadonlyMap<string, ResourceKind>;

  constructor(kinds: readonly ResourceKind[]) {
    this.#kinds = new Map(kinds.map((kind) => [keyOf(kind.provider, kind.kind), kind]));
  }

  all(): readonly ResourceKind[] {
    return [...this.#kinds.values()];
  }

  has(provider: string, kind: string): boolean {
    return this.#kinds.has(keyOf(provider, kind));
  }

  /** Throws `denied` for a kind of a provider whose key was taken out of the configuration. */
  get(provider: string, kind: string): ResourceKind {
    const found = this.#kinds.get(keyOf(provider, kind));
    if (!found) throw new PlatformError("denied", { detail: `there is no account for ${provider} ${kind}` });
    return found;
  }
}

const keyOf = (provider: string, kind: string): string => `${provider}/${kind}`;
