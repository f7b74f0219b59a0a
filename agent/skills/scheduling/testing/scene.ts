import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../../server/state/database.ts";
import { createSchedules } from "../../../server/state/schedules.ts";
import { createTurnLedger, type StoredMessage, type TurnLedger } from "../../../server/state/turn-ledger.ts";
import { createVault, SALT_BYTES } from "../../../server/state/vault.ts";
import { ADA, aMandate } from "../../kit/testing.ts";
import type { SkillTool, ToolCall } from "../../kit/tool.ts";
import { createSchedulingSkill } from "../index.ts";
import { type Scheduler, type SchedulerOptions, startScheduler } from "../scheduler.ts";
import type { Schedules } from "../schedules.ts";

/** An agent's schedules over a database on disk, with a clock that a test sets. */
export class Scene {
  readonly #dir = mkdtempSync(join(tmpdir(), "schedules-"));
  readonly #vault = createVault(randomBytes(32).toString("hex"), randomBytes(SALT_BYTES));
  readonly path = join(this.#dir, "agent.db");
  readonly log: string[] = [];
  nowMs: number;
  isClaimed = true;
  /** How often somebody was told of something new. */
  announced = 0;
  database: DatabaseSync;
  schedules: Schedules;
  turns: TurnLedger;
  tool: SkillTool;
  #scheduler: Scheduler | undefined;
  #uses = 0;

  constructor(now: string) {
    this.nowMs = Date.parse(now);
    this.database = openDatabase(this.path);
    this.schedules = createSchedules(this.database, this.#vault);
    this.turns = createTurnLedger(this.database, this.#vault);
    this.tool = this.#makeTool();
  }

  #makeTool(): SkillTool {
    const onChange = (): void => this.#scheduler?.wake();
    const { schedules } = this;
    const [tool] = createSchedulingSkill({ schedules, onChange, now: () => this.nowMs }).tools;
    if (tool === undefined) throw new Error("the skill has no tool");
    return tool;
  }

  /** The process dies and another one begins; its scheduler is not started yet. */
  restart(): void {
    this.#scheduler?.stop();
    this.#scheduler = undefined;
    this.database.close();
    this.database = openDatabase(this.path);
    this.schedules = createSchedules(this.database, this.#vault);
    this.turns = createTurnLedger(this.database, this.#vault);
    this.tool = this.#makeTool();
  }

  start(overrides: Partial<SchedulerOptions> = {}): Scheduler {
    this.#scheduler?.stop();
    this.#scheduler = startScheduler({
      schedules: this.schedules,
      take: (message) => this.turns.take(message),
      isClaimed: () => this.isClaimed,
      onMessage: () => {
        this.announced++;
      },
      log: (event, fields) => this.log.push(JSON.stringify({ event, ...fields })),
      now: () => this.nowMs,
      ...overrides,
    });
    return this.#scheduler;
  }

  /** Sets the clock, and has the scheduler look at it, as it does each minute. */
  at(time: string): void {
    this.nowMs = Date.parse(time);
    this.#scheduler?.wake();
  }

  /** Uses the tool; resolves with the text of its result. */
  async use(params: unknown, overrides: Partial<ToolCall> = {}): Promise<string> {
    return (await this.tool.run(params, this.call(overrides))).text;
  }

  /** Sets something up and resolves with its id. */
  async create(params: object, overrides: Partial<ToolCall> = {}): Promise<string> {
    const text = await this.use({ action: "create", task: "Water the plants", ...params }, overrides);
    const [, id] = /schedule ([0-9a-f]+)/.exec(text) ?? [];
    if (id === undefined) throw new Error(`no id in ${text}`);
    return id;
  }

  call(overrides: Partial<ToolCall> = {}): ToolCall {
    return {
      callId: `call-${++this.#uses}`,
      signal: AbortSignal.timeout(10_000),
      mandate: aMandate(),
      people: [ADA],
      asker: ADA,
      progress: () => undefined,
      files: {
        dir: this.#dir,
        read: async () => Promise.reject(new Error("no file is read here")),
        write: async () => Promise.reject(new Error("no file is written here")),
      },
      ...overrides,
    };
  }

  /** What waits for a turn, and waits no longer. */
  heard(): readonly StoredMessage[] {
    const waiting = this.turns.waiting();
    if (waiting.length > 0) this.turns.complete(this.turns.beginTurn().turnId, () => undefined);
    return waiting;
  }

  /** When the messages that wait were due. */
  dueTimes(): string[] {
    return this.heard().map(({ id }) => new Date(Number(id.split(":")[2])).toISOString().slice(0, 16));
  }

  close(): void {
    this.#scheduler?.stop();
    this.database.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
