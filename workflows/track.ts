import { setCurrentDetails } from "@temporalio/workflow";
import type { TimelineStep, WorkflowState } from "./messages.ts";

const MAX_STEPS = 50;

/**
 * What a workflow is doing, for people: the Web UI shows it as current details, the `state` query answers it.
 * Times are the workflow's own, so a replay tells the same story.
 */
export class Track<State> {
  #state: State;
  #step = "starting";
  readonly #timeline: TimelineStep[] = [];
  readonly #title: string;

  constructor(title: string, state: State) {
    this.#title = title;
    this.#state = state;
  }

  enter(step: string, state: State = this.#state): void {
    if (step === this.#step && state === this.#state) return;
    this.#state = state;
    this.#step = step;
    this.#timeline.push({ at: new Date().toISOString(), step });
    if (this.#timeline.length > MAX_STEPS) this.#timeline.shift();
    // The panel is low: what is now comes first.
    const lines = this.#timeline.toReversed().map((entry) => `- ${clock(entry.at)} ${entry.step}`);
    setCurrentDetails(`**${this.#title}: ${String(state)}**\n\n${lines.join("\n")}`);
  }

  get view(): WorkflowState<State> {
    return { state: this.#state, step: this.#step, timeline: this.#timeline };
  }
}

/** `2026-11-22 18:50:02` of an ISO time: UTC, like the rest of the Web UI. */
const clock = (at: string): string => at.slice(0, 19).replace("T", " ");
