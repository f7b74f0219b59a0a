import { PlatformError } from "../../../domain/errors.ts";
import { NotFoundError } from "../../railway/classify.ts";
import type { RailwayClient } from "../../railway/client.ts";
import { createOrAdopt } from "./create-or-adopt.ts";
import { choose, type Estate, estateOf } from "./estate.ts";
import type { Memory } from "./memory.ts";
import type { Time } from "./time.ts";

/** Looks that are further apart than this are not one absence. */
const ABSENCE_MEMORY_MS = 600_000;

/** The projects of one name: found, made, proved absent. Names are not unique at the provider. */
export class AgentProjects {
  readonly #client: RailwayClient;
  readonly #memory: Memory;
  readonly #time: Time;
  readonly #settleMs: number;

  constructor(client: RailwayClient, memory: Memory, time: Time, settleMs: number) {
    this.#client = client;
    this.#memory = memory;
    this.#time = time;
    this.#settleMs = settleMs;
  }

  /** All of exactly this name. */
  async named(name: string): Promise<Estate[]> {
    const listed = (await this.#client.projectHeads()).filter((head) => head.name === name);
    const estates = await Promise.all(listed.map(({ id }) => this.read(id)));
    const { projectId } = this.#memory.of(name);
    if (projectId !== undefined && !listed.some(({ id }) => id === projectId)) {
      const unlisted = await this.#remembered(name, projectId);
      if (unlisted !== undefined) estates.push(unlisted);
    }
    const chosen = choose(estates);
    if (chosen !== undefined) this.#note(name, chosen.projectId);
    return estates;
  }

  /** The one that is meant, with a single request when this process has seen it before. */
  async one(name: string): Promise<Estate | undefined> {
    const { projectId } = this.#memory.of(name);
    const known = projectId === undefined ? undefined : await this.#remembered(name, projectId);
    return known ?? choose(await this.named(name));
  }

  /** "Not Authorized" is also said of what was deleted a moment ago and is still listed. */
  async read(projectId: string): Promise<Estate> {
    try {
      return estateOf(await this.#client.project(projectId));
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** A refusal to read what the workspace lists: a bad credential stays `denied`, with a good one reads lag. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof PlatformError) || error.code !== "denied") return error;
    await this.#client.checkCredential();
    return new PlatformError("transient", { detail: "what was listed cannot be read (any more)" });
  }

  /** How long to wait for the look that proves an absence, after one that found nothing: 0 when it is proved. */
  async absenceMs(name: string): Promise<number> {
    await this.#client.checkCredential();
    const nowMs = this.#time.now();
    const sinceMs = this.#memory.of(name).missingSinceMs;
    const isOneAbsence = sinceMs !== undefined && nowMs - sinceMs < ABSENCE_MEMORY_MS;
    if (!isOneAbsence) this.#memory.note(name, { missingSinceMs: nowMs });
    return Math.max(0, (isOneAbsence ? sinceMs : nowMs) + this.#settleMs - nowMs);
  }

  /** Adopts the project of the name or makes it; `isNew` when nothing can be in it yet. */
  async ensure(name: string): Promise<{ estate: Estate; isNew: boolean }> {
    const found = await this.named(name);
    if (found.length > 0) return { estate: await this.#onlyOne(name, found), isNew: false };
    return createOrAdopt<{ estate: Estate; isNew: boolean }>(
      "project",
      async () => ({ estate: await this.#create(name), isNew: true }),
      async () => {
        const made = await this.named(name);
        return made.length > 0 ? { estate: await this.#onlyOne(name, made), isNew: false } : undefined;
      },
      () => this.#time.sleep(this.#settleMs),
    );
  }

  async #create(name: string): Promise<Estate> {
    const { id, environmentId } = await this.#client.createProject(name);
    this.#note(name, id);
    return {
      projectId: id,
      environmentId,
      createdAtMs: this.#time.now(),
      serviceId: undefined,
      serviceCreatedAtMs: 0,
      volumes: [],
      hasVolumesPendingDeletion: false,
      deployment: null,
      isEmpty: true,
    };
  }

  /** Deletes what a lost answer left behind: of this name, with nothing in it, and old enough for reads to show it. */
  async #onlyOne(name: string, estates: readonly Estate[]): Promise<Estate> {
    const chosen = choose(estates);
    if (chosen === undefined) throw new PlatformError("internal", { detail: `no project ${name}` });
    for (const { projectId } of estates.filter((estate) => estate !== chosen)) {
      const { isEmpty, createdAtMs } = await this.read(projectId);
      if (!isEmpty)
        throw new PlatformError("conflict", { detail: `two projects ${name} have something in them` });
      if (this.#time.now() - createdAtMs < this.#settleMs)
        throw new PlatformError("transient", { detail: `a second project ${name} is too new to be judged` });
      await this.#client.deleteProject(projectId);
    }
    return chosen;
  }

  /** Undefined when it is gone; throws when it cannot be known yet. */
  async #remembered(name: string, projectId: string): Promise<Estate | undefined> {
    try {
      const project = await this.#client.project(projectId);
      if (project.deletedAt === null && project.name === name) return estateOf(project);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      // "Not Authorized" leads to the list, which shows whether it is gone or the credential is bad.
      const isJudgedByList =
        error.code === "denied" || (error instanceof NotFoundError && !this.#isRecent(name));
      if (!isJudgedByList) throw error;
    }
    this.#memory.forget(name);
    return undefined;
  }

  #isRecent(name: string): boolean {
    const { seenAtMs } = this.#memory.of(name);
    return seenAtMs !== undefined && this.#time.now() - seenAtMs < this.#settleMs;
  }

  #note(name: string, projectId: string): void {
    const { projectId: before, seenAtMs } = this.#memory.of(name);
    const known = before === projectId && seenAtMs !== undefined;
    this.#memory.note(name, { projectId, seenAtMs: known ? seenAtMs : this.#time.now() });
    this.#memory.clearMissing(name);
  }
}
