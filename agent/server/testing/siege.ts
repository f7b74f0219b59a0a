import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../../infra/testing/eventually.ts";
import type { AgentProcess } from "./agent-process.ts";
import { HOLD_VARIABLE, TURN_TAKEN_EVENT } from "./echo-brain.ts";
import type { World } from "./world.ts";

const STEP_TIMEOUT_MS = 20_000;

/**
 * The moments at which the agent's process or the network's node is ended, by what the agent is doing then.
 *
 * receiving       people are talking
 * away            nothing; people talk while it is gone
 * booting         it has only just been started again
 * thinking        a turn is out
 * queued          an answer waits behind one that is being sent
 * sending         the node has been given an answer and has not taken it
 * unacknowledged  the node has taken an answer and has not said so
 * anywhere        a moment after turns were answered that chance decides on
 * node-*          the node is stopped and started again: while people talk, while an answer is sent, while the agent is
 *                 killed and started without it
 */
export const MOMENTS = [
  "receiving",
  "away",
  "booting",
  "thinking",
  "queued",
  "sending",
  "unacknowledged",
  "anywhere",
  "node-receiving",
  "node-sending",
  "node-and-agent",
] as const;
export type Moment = (typeof MOMENTS)[number];

/** What is said around a moment: begun by the first call, all of it said when the promise resolves. */
export type Talk = () => Promise<void>;

/** Ends an agent and its node with force, again and again, at chosen moments. */
export class Siege {
  readonly kills = new Map<string, number>();
  agent: AgentProcess;
  /** Turns that were given out by agents that are gone, each attempt counted. */
  #attempts = 0;
  #epoch = 1;
  /** What the agent of the beginning of a strike had logged by then. */
  #logBefore = "";
  readonly #world: World;
  readonly #random: () => number;

  private constructor(world: World, agent: AgentProcess, random: () => number) {
    this.#world = world;
    this.agent = agent;
    this.#random = random;
  }

  /** With the brain held back from the beginning. */
  static async begin(world: World, random: () => number): Promise<Siege> {
    const agent = await world.startReadyAgent(1, { [HOLD_VARIABLE]: world.holdFile });
    return new Siege(world, agent, random);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get attempts(): number {
    return this.#attempts + timesLogged(this.agent.log, TURN_TAKEN_EVENT);
  }

  /** Lets people talk, strikes at the moment, and leaves an agent behind that may answer. */
  async strike(moment: Moment, first: Talk, rest: Talk): Promise<void> {
    await rm(this.#world.holdFile, { force: true });
    this.#logBefore = this.agent.log;
    await this.#strikes[moment](first, rest);
    await this.#world.release();
  }

  async killAgent(moment: string): Promise<void> {
    await this.agent.kill();
    this.#attempts += timesLogged(this.agent.log, TURN_TAKEN_EVENT);
    this.#count(moment);
  }

  async startAgent(): Promise<void> {
    this.#epoch += 1;
    this.agent = await this.#world.startAgent(this.#epoch, { [HOLD_VARIABLE]: this.#world.holdFile });
  }

  /** A time of up to `maxMs` that chance decides on. */
  chance(maxMs: number): Promise<void> {
    return delay(this.#random() * maxMs);
  }

  readonly #strikes: Readonly<Record<Moment, (first: Talk, rest: Talk) => Promise<void>>> = {
    receiving: async (first, rest) => {
      await first();
      const talking = rest();
      await this.chance(150);
      await this.#replaceAgent("receiving");
      await talking;
    },
    away: async (first, rest) => {
      await this.killAgent("away");
      await first();
      await rest();
      await this.startAgent();
    },
    booting: async (first, rest) => {
      await this.#replaceAgent("booting");
      const talking = first().then(rest);
      await this.chance(800);
      await this.#replaceAgent("booting");
      await talking;
    },
    thinking: async (first, rest) => {
      await first();
      await this.#logs(TURN_TAKEN_EVENT);
      const talking = rest();
      await this.#replaceAgent("thinking");
      await talking;
    },
    queued: (first, rest) => this.#whileSending("queued", "before", first, rest),
    sending: (first, rest) => this.#whileSending("sending", "before", first, rest),
    unacknowledged: (first, rest) => this.#whileSending("unacknowledged", "after", first, rest),
    anywhere: async (first, rest) => {
      await first();
      await this.#logs(TURN_TAKEN_EVENT);
      await rest();
      await this.#world.release();
      await this.chance(120);
      await this.#replaceAgent("anywhere");
    },
    "node-receiving": async (first, rest) => {
      await first();
      const talking = rest();
      await this.chance(100);
      await this.#world.restartNode(() => this.chance(600));
      this.#count("node-receiving");
      await talking;
    },
    "node-sending": async (first, rest) => {
      await first();
      await this.#logs(TURN_TAKEN_EVENT);
      await rest();
      await this.#world.restartNode(async () => {
        await this.#world.release();
        await this.#logs("send-failed");
      });
      this.#count("node-sending");
    },
    "node-and-agent": async (first, rest) => {
      const talking = first().then(rest);
      await this.chance(100);
      await this.#world.restartNode(async () => {
        await this.#replaceAgent("node-and-agent");
        await this.chance(1_000);
      });
      this.#count("node-and-agent");
      await talking;
    },
  };

  /** The fault hits whoever sends, so everything is said before. */
  async #whileSending(moment: Moment, when: "before" | "after", first: Talk, rest: Talk): Promise<void> {
    // Until it has read the past it reads nothing new, and a send that hangs would keep it from that.
    await eventually("the agent to be ready", async () => (await this.agent.status()).ready, STEP_TIMEOUT_MS);
    await first();
    await this.#logs(TURN_TAKEN_EVENT);
    await rest();
    const { node } = this.#world;
    const sends = (): number => node.calls.get("SendGroupMessages") ?? 0;
    const sendsBefore = sends();
    node.faults.add({ method: "SendGroupMessages", when, kind: "hang" });
    await this.#world.release();
    await eventually("an answer on its way", () => sends() > sendsBefore, STEP_TIMEOUT_MS);
    if (moment === "queued") await this.#logs(TURN_TAKEN_EVENT, 2);
    await this.killAgent(moment);
    node.faults.clear();
    await this.startAgent();
  }

  /** Waits until the agent of the beginning of the strike has logged the event so often since. */
  async #logs(event: string, times = 1): Promise<void> {
    const { agent } = this;
    const before = timesLogged(this.#logBefore, event);
    await eventually(event, () => timesLogged(agent.log, event) >= before + times, STEP_TIMEOUT_MS);
  }

  async #replaceAgent(moment: Moment): Promise<void> {
    await this.killAgent(moment);
    await this.startAgent();
  }

  #count(moment: string): void {
    this.kills.set(moment, (this.kills.get(moment) ?? 0) + 1);
  }
}

const timesLogged = (log: string, event: string): number => log.split(`"event":"${event}"`).length - 1;
