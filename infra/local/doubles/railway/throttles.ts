import type { JsonReply } from "../base/reply.ts";
import { failure, throttled } from "./errors.ts";
import type { Workspace } from "./workspace.ts";

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;

/** The limits of one account: requests a second and an hour, and those on creating projects and volumes. */
export class Throttles {
  readonly #workspace: Workspace;
  readonly #requests = new Map<number, { startMs: number; count: number }>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Counts a request. The refusal when it is one too many, and the headers that every answer carries. */
  request(): { refusal: JsonReply | undefined; headers: Record<string, string> } {
    const { requestsPerSecond, requestsPerHour } = this.#workspace.settings;
    const second = this.#count(SECOND_MS);
    const hour = this.#count(HOUR_MS);
    const headers = {
      "x-ratelimit-limit": String(requestsPerHour),
      "x-ratelimit-remaining": String(Math.max(0, requestsPerHour - hour.count)),
      "x-ratelimit-reset": new Date(hour.endMs).toISOString(),
    };
    const nowMs = this.#workspace.clock.nowMs();
    const untilMs =
      hour.count > requestsPerHour ? hour.endMs : second.count > requestsPerSecond ? second.endMs : nowMs;
    const refusal = untilMs > nowMs ? throttled(Math.ceil((untilMs - nowMs) / SECOND_MS)) : undefined;
    return { refusal, headers };
  }

  /** Throws when a project was made within the window. Deleted ones count too. */
  createProject(): void {
    const sinceMs = this.#workspace.clock.nowMs() - this.#workspace.settings.projectCreateWindowMs;
    if (this.#workspace.projects.values().some(({ createdAtMs }) => createdAtMs > sinceMs))
      throw failure("Only one project can be created per user every 30s");
  }

  createVolume(): void {
    const { volumeCreateWindowMs, volumesPerWindow } = this.#workspace.settings;
    const sinceMs = this.#workspace.clock.nowMs() - volumeCreateWindowMs;
    const recent = this.#workspace.volumes.values().filter(({ createdAtMs }) => createdAtMs > sinceMs);
    if (recent.length >= volumesPerWindow)
      throw failure("Whoa there pal! You are creating volumes too quickly. Try again in a sec");
  }

  #count(windowMs: number): { count: number; endMs: number } {
    const nowMs = this.#workspace.clock.nowMs();
    const startMs = Math.floor(nowMs / windowMs) * windowMs;
    const known = this.#requests.get(windowMs);
    const window = known?.startMs === startMs ? known : { startMs, count: 0 };
    window.count += 1;
    this.#requests.set(windowMs, window);
    return { count: window.count, endMs: startMs + windowMs };
  }
}
