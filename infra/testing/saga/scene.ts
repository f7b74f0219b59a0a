import { sql } from "kysely";
import { expect } from "vitest";
import { checkProviders } from "../../../activities/audit/provider-checks.ts";
import type { Dependencies } from "../../../activities/dependencies.ts";
import { explodeActivities } from "../../../activities/explode-activities.ts";
import { providerActivities } from "../../../activities/provider-activities.ts";
import { fence } from "../../../activities/registry/end.ts";
import { type LedgerEntry, listResources } from "../../../activities/registry/ledger.ts";
import { readSecret } from "../../../activities/registry/secrets.ts";
import { ResourceCatalogue } from "../../../activities/resources/catalogue.ts";
import type { ResourceKind } from "../../../activities/resources/resource-kind.ts";
import { ERRORS, PlatformError } from "../../../domain/errors.ts";
import { type InstanceId, type ResourceName, resourceName } from "../../../domain/ids.ts";
import type { Fault, FaultRule } from "../../local/doubles/base/faults.ts";
import type { ProviderWorld } from "./providers.ts";
import type { Subject } from "./subjects.ts";

const MAX_TRIES = 8;

/** One cell of the matrix: an instance of its own, and one kind of resource that is made and unmade for it. */
export class Scene {
  readonly world: ProviderWorld;
  readonly subject: Subject;
  readonly id: InstanceId;
  readonly name: ResourceName;

  private constructor(world: ProviderWorld, subject: Subject, id: InstanceId) {
    this.world = world;
    this.subject = subject;
    this.id = id;
    this.name = resourceName("cv", "test", id);
  }

  /** With everything that the subject needs before it. */
  static async open(world: ProviderWorld, subject: Subject): Promise<Scene> {
    const scene = new Scene(world, subject, await world.test.idle());
    for (const kind of subject.before) await scene.ensure(scene.world.deps, kind);
    return scene;
  }

  get deps(): Dependencies {
    return this.world.deps;
  }

  get kind(): ResourceKind {
    return this.deps.resources.get(this.subject.provider, this.subject.kind);
  }

  /** The activities' world with another behaviour of the subject's kind. */
  with(change: Partial<ResourceKind>): Dependencies {
    const { kind } = this;
    const changed: ResourceKind = {
      provider: kind.provider,
      kind: kind.kind,
      settleMs: kind.settleMs,
      ...(kind.secret === undefined ? {} : { secret: kind.secret }),
      find: (owner) => kind.find(owner),
      create: (owner) => kind.create(owner),
      remove: (externalId, owner) => kind.remove(externalId, owner),
      list: (prefix) => kind.list(prefix),
      ...change,
    };
    return { ...this.deps, resources: new ResourceCatalogue([changed]) };
  }

  arm(match: FaultRule["match"], fault: Fault, position: "before" | "after", times = 1): void {
    this.subject.faults(this.world.doubles).add({ match, fault, position, times });
  }

  /** One run of the activity that makes it. */
  async ensure(deps = this.deps, kind = this.subject.kind): Promise<void> {
    await providerActivities(deps).ensureResource(this.id, this.subject.provider, kind);
  }

  /** One run of the activity that makes it absent. */
  async release(deps = this.deps): Promise<void> {
    await explodeActivities(deps).releaseResource((await this.entry()).id);
  }

  /** Runs the making until it succeeds, as its workflow does; a code that the workflow gives up at ends it. */
  ensureUntilQuiet(): Promise<void> {
    return this.#untilQuiet(
      () => this.ensure(),
      (error) => ERRORS[error.code].retryable,
    );
  }

  /** Fences the instance and makes everything of it absent, the subject first, then all once more. */
  async end(): Promise<void> {
    await fence(this.deps.registry, this.id, "operator");
    const entries = await listResources(this.deps.registry, this.id);
    const isSubject = ({ kind }: LedgerEntry) => kind === this.subject.kind;
    const activities = explodeActivities(this.deps);
    for (const { id } of entries.toSorted((a, b) => Number(isSubject(b)) - Number(isSubject(a))))
      await this.#untilQuiet(() => activities.releaseResource(id));
    for (const { id } of entries) await this.#untilQuiet(() => activities.sweepLate(id));
  }

  async entry(): Promise<LedgerEntry> {
    const entries = await listResources(this.deps.registry, this.id);
    const entry = entries.find(({ kind }) => kind === this.subject.kind);
    if (!entry) throw new Error(`the ledger has no ${this.subject.kind}`);
    return entry;
  }

  get present(): string[] {
    return this.subject.present(this.world.doubles, this.name);
  }

  /** Exactly one, the one of the ledger, and its secret in the vault opens it. */
  async expectOne(): Promise<void> {
    const { state, externalId } = await this.entry();
    expect(state).toBe("active");
    expect(this.present).toEqual([externalId]);
    expect(this.subject.charged?.(this.world.doubles, this.name) ?? 1).toBe(1);
    const { secret } = this.kind;
    if (secret !== undefined) {
      const held = await readSecret(this.deps.registry, this.id, secret);
      const [url = "", headers = {}] = this.subject.use?.(this.world.doubles, held ?? "") ?? [];
      expect((await fetch(url, { headers })).status).toBe(200);
    }
    expect(await this.#findings()).toEqual([]);
  }

  /** Nothing, or what the provider keeps, without any right to it; the ledger says which. */
  async expectNone(): Promise<void> {
    const { bankr } = this.world.doubles;
    const { state, outcome } = await this.entry();
    const { isRetained } = this.subject;
    expect(state).toBe("settled");
    if (!isRetained || this.present.length === 0) {
      expect(outcome).toEqual({ kind: "absent" });
      expect(this.present).toEqual([]);
    } else {
      expect(outcome).toEqual({ kind: "revoked-retained", balance: "0.00 USD" });
      const keys = bankr.state().keys.filter((key) => key.isActive && this.present.includes(key.walletId));
      expect(keys).toEqual([]);
    }
    expect(await this.#findings()).toEqual([]);
  }

  /** What the auditor says about the instance. */
  async #findings() {
    return (await checkProviders(this.deps)).filter(({ subject }) => subject === this.name);
  }

  /** Tries again at once, though the time that a workflow would wait has passed in the ledger. */
  async #untilQuiet(
    step: () => Promise<void>,
    isPassing: (error: PlatformError) => boolean = () => true,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof PlatformError) || !isPassing(error) || tries === MAX_TRIES) throw error;
        await this.#letPass();
      }
    }
  }

  async #letPass(): Promise<void> {
    await sql`UPDATE resources SET ambiguous_since = ambiguous_since - interval '10 minutes'
      WHERE instance_id = ${this.id}`.execute(this.deps.registry.db);
  }
}
