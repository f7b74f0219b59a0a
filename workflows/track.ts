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
    const past = this.#timeline.map((entry) => `- ${entry.at} ${entry.step}`).join("\n");
    setCurrentDetails(`**${this.#title}: ${String(state)}**\n\nNow: ${step}\n\n${past}`);
  }

  get view(): WorkflowState<State> {
    return { state: this.#state, step: this.#step, timeline: this.#timeline };
  }
}
