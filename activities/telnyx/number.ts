import { PlatformError } from "../../domain/errors.ts";
import type { ResourceName } from "../../domain/ids.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import type {
  Created,
  Found,
  InventoryItem,
  ResourceKind,
  ResourceOwner,
} from "../resources/resource-kind.ts";
import type { PhoneNumber } from "./answers.ts";
import { type IsQuarantined, orderOneNumber, waitForOrder } from "./buy-number.ts";
import type { TelnyxClient } from "./client.ts";
import { type EnvironmentProfile, ensureMessagingProfile } from "./messaging-profile.ts";
import { isMessagingReady, nameNumber } from "./messaging-ready.ts";
import { listNamed } from "./number-inventory.ts";
import { releaseNumber } from "./release-number.ts";
import { findStanding, numberOf, standingUnder } from "./standing.ts";

export interface NumberOptions {
  client: TelnyxClient;
  profile: EnvironmentProfile;
  /** Runs the buying part, at most one at a time in the environment. Waiting for its turn comes on top of the 20 s. */
  serialize?: <T>(work: () => Promise<T>) => Promise<T>;
  isQuarantined?: IsQuarantined;
  waits?: Partial<NumberWaits>;
}

export interface NumberWaits {
  /** How long an order may be pending before it is in doubt. */
  orderMs: number;
  /** How long one call waits for a number to be ready for messages. */
  verifyMs: number;
  /** For how long after its purchase a number may be without SMS before it is given back. */
  messagingWindowMs: number;
  pollMs: number;
}

const DEFAULT_WAITS: NumberWaits = {
  orderMs: 5_000,
  verifyMs: 6_000,
  messagingWindowMs: 10 * 60_000,
  pollMs: 1_000,
};
/** Finding, searching and ordering; with the waits of one create it stays below 20 s. */
const BUY_MS = 8_000;
const STEP_MS = 18_000;

/**
 * An instance's phone number. Its external id is the number itself in E.164, which order and number share; it is
 * only ever looked for together with the owner's name, so a number that was released and bought by another is not
 * mistaken for this one.
 */
export class NumberKind implements ResourceKind {
  readonly provider = "telnyx";
  readonly kind = "number";
  readonly settleMs = 60_000;
  readonly #client: TelnyxClient;
  readonly #profile: EnvironmentProfile;
  readonly #serialize: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #isQuarantined: IsQuarantined;
  readonly #waits: NumberWaits;

  constructor(options: NumberOptions) {
    this.#client = options.client;
    this.#profile = options.profile;
    this.#serialize = options.serialize ?? ((work) => work());
    this.#isQuarantined = options.isQuarantined ?? (() => false);
    this.#waits = { ...DEFAULT_WAITS, ...options.waits };
  }

  /** Numbers, and orders that may still become one. */
  async find(owner: ResourceOwner): Promise<readonly Found[]> {
    const standing = await standingUnder(this.#client.within(STEP_MS), owner.name);
    return standing.map(({ phoneNumber }) => ({ externalId: phoneNumber }));
  }

  async create(owner: ResourceOwner): Promise<Created> {
    const externalId = await this.#serialize(() => this.#buy(owner));
    await this.verify(externalId, owner);
    return { externalId };
  }

  async #buy(owner: ResourceOwner): Promise<string> {
    const client = this.#client.within(BUY_MS);
    // Waiting for the turn may have taken long: an attempt before this one may have bought it meanwhile.
    const [present] = await standingUnder(client, owner.name);
    if (present) return present.phoneNumber;
    const profileId = await ensureMessagingProfile(client, this.#profile);
    const ordered = await orderOneNumber(client, {
      name: owner.name,
      profileId,
      isQuarantined: this.#isQuarantined,
    });
    const order = await waitForOrder(this.#client.within(this.#waits.orderMs), ordered, this.#waits.pollMs);
    const phoneNumber = numberOf(order);
    if (phoneNumber === undefined)
      throw new PlatformError("ambiguous", { detail: "the order names no number" });
    return phoneNumber;
  }

  /**
   * Makes sure that what was found or bought is a number of the environment's profile that takes SMS, and carries
   * the owner's name. `ambiguous` while its order is pending, `transient` while the provider sets it up; one that
   * still takes no SMS after the window is given back, and the failure is `invalid`.
   */
  async verify(externalId: string, owner: ResourceOwner): Promise<void> {
    const client = this.#client.within(this.#waits.verifyMs);
    const number = await this.#awaitNumber(client, externalId, owner);
    const profileId = await ensureMessagingProfile(client, this.#profile);
    while (!(await isMessagingReady(client, number, profileId))) {
      if (this.#isOverdue(number)) {
        await releaseNumber(client, externalId, owner.name);
        throw new PlatformError("invalid", { detail: "the number takes no messages; it was given back" });
      }
      if (!(await client.pause(this.#waits.pollMs)))
        throw new PlatformError("transient", { detail: "the number is not ready for messages yet" });
    }
    const isNamed = number.customer_reference === owner.name && number.tags?.includes(owner.name);
    if (!isNamed) await nameNumber(client, number, owner.name);
  }

  async remove(externalId: string, owner: ResourceOwner): Promise<ResourceOutcome> {
    await releaseNumber(this.#client.within(STEP_MS), externalId, owner.name);
    return { kind: "absent" };
  }

  list(namePrefix: string): Promise<readonly InventoryItem[]> {
    return listNamed(this.#client.within(STEP_MS), namePrefix);
  }

  /** Gives a number that was never used to a successor: from then on it is found under the successor's name only. */
  async handOver(externalId: string, owner: ResourceOwner, successor: ResourceName): Promise<void> {
    const client = this.#client.within(STEP_MS);
    const standing = await findStanding(client, externalId, owner.name);
    if (standing && "number" in standing) return nameNumber(client, standing.number, successor);
    throw new PlatformError("conflict", { detail: "there is no number to hand over" });
  }

  async #awaitNumber(client: TelnyxClient, externalId: string, owner: ResourceOwner): Promise<PhoneNumber> {
    for (;;) {
      const standing = await findStanding(client, externalId, owner.name);
      if (standing && "number" in standing) return standing.number;
      if (!(await client.pause(this.#waits.pollMs)))
        throw new PlatformError("ambiguous", { detail: "the number that was ordered cannot be seen yet" });
    }
  }

  #isOverdue({ purchased_at: purchasedAt }: PhoneNumber): boolean {
    return purchasedAt ? Date.now() - Date.parse(purchasedAt) >= this.#waits.messagingWindowMs : false;
  }
}
