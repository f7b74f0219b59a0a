import { createHash, hkdfSync } from "node:crypto";
import type { Payload, PayloadCodec } from "@temporalio/common";
import proto from "@temporalio/proto";
import { open, seal } from "../../activities/registry/sealing.ts";
import type { MasterKeySet } from "../config/master-keys.ts";

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const KEY_BYTES = 32;
const KEY_ID_CHARS = 16;
const ENCODING = "binary/encrypted";
const KEY_ID = "encryption-key-id";

/** A sealed payload that cannot be opened: by its key's id, never by its bytes. */
export class SealedPayloadError extends Error {
  override readonly name = "SealedPayloadError";
}

interface CodecKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Seals what goes to Temporal (AES-256-GCM, under a key derived from the master key) and opens what comes from it. A
 * payload names the key that sealed it, so that those of earlier master keys are opened as long as they are
 * configured. What is not sealed passes as it is: histories from before the codec was switched on stay readable.
 */
export class SealingCodec implements PayloadCodec {
  readonly #keys: readonly [CodecKey, ...CodecKey[]];
  readonly #seals: boolean;

  /** `seals: false` opens only: for programs of a platform whose codec is off, or was on. */
  constructor({ master, previous }: Pick<MasterKeySet, "master" | "previous">, seals: boolean) {
    this.#keys = [deriveKey(master), ...previous.map(deriveKey)];
    this.#seals = seals;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return this.#seals ? payloads.map((payload) => this.#seal(payload)) : payloads;
  }

  /** Throws a SealedPayloadError. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) =>
      textOf(payload.metadata?.encoding) === ENCODING ? this.#open(payload) : payload,
    );
  }

  #seal(payload: Payload): Payload {
    const [{ id, key }] = this.#keys;
    return {
      metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id) },
      data: seal(key, Buffer.from(PayloadMessage.encode(payload).finish()), id),
    };
  }

  #open({ metadata, data }: Payload): Payload {
    const id = textOf(metadata?.[KEY_ID]);
    const found = this.#keys.find((one) => one.id === id);
    if (!found || !data) throw new SealedPayloadError("the key of a sealed payload is not configured");
    try {
      const { metadata = {}, data: plain } = PayloadMessage.decode(
        open(found.key, Buffer.from(data), found.id),
      );
      return { metadata, data: plain };
    } catch {
      // Neither the cipher's nor the parser's reason says more than this.
      throw new SealedPayloadError(`a payload is not what key ${found.id} sealed`);
    }
  }
}

function deriveKey(master: Buffer): CodecKey {
  const key = Buffer.from(hkdfSync("sha256", master, "", "temporal-payloads", KEY_BYTES));
  const id = createHash("sha256").update("key-id\0").update(key).digest("hex").slice(0, KEY_ID_CHARS);
  return { id, key };
}

const textOf = (bytes: Uint8Array | null | undefined): string =>
  Buffer.from(bytes ?? new Uint8Array()).toString("utf8");
