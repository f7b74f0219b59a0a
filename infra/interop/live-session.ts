import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { type ClientPlace, type ClientProcess, startClient } from "./client-process.ts";
import { patiently } from "./patience.ts";

const STOP_TIMEOUT_MS = 30_000;
const KEPT_CHARS = 2_000;

const LiveEvent = Type.Record(Type.String(), Type.Unknown());
/** What the client says has happened; `event` names the kind. */
export type LiveEvent = Static<typeof LiveEvent>;

const Heard = Type.Object({
  event: Type.Literal("message"),
  id: Type.String(),
  senderInboxId: Type.String(),
  contentType: Type.Object({ authorityId: Type.String(), typeId: Type.String() }),
  content: Type.String(),
});
export type Heard = Static<typeof Heard>;

/** The client's long-running mode: a line of JSON for everything that happens, a line of JSON for what it should do. */
export class LiveSession {
  /** Everything so far, in order. */
  readonly events: LiveEvent[] = [];
  readonly #child: ClientProcess;
  readonly #closed: Promise<unknown>;
  /** Until it is gone and all that it said has been read. */
  #isRunning = true;
  #errors = "";

  private constructor(child: ClientProcess) {
    this.#child = child;
    this.#closed = once(child, "close").finally(() => {
      this.#isRunning = false;
    });
    child.stdin.on("error", (error) => {
      // Whoever waits for something learns that the client has ended.
      this.#errors += error.message;
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const event: unknown = JSON.parse(line);
      if (Value.Check(LiveEvent, event)) this.events.push(event);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-KEPT_CHARS);
    });
  }

  /** Resolves when it hears and obeys. */
  static async start(
    place: ClientPlace,
    conversationId: string,
    flags: readonly string[],
  ): Promise<LiveSession> {
    const args = ["agent", "serve", conversationId, "--no-invite", ...flags];
    const session = new LiveSession(startClient(place, args));
    try {
      await session.waitFor("ready");
      // It says that it is ready before it listens, but obeys only afterwards.
      await session.order({ type: "typing", isTyping: false });
      return session;
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  /** The first event of the kind, come or to come, that has these fields. */
  waitFor(kind: string, fields: LiveEvent = {}): Promise<LiveEvent> {
    const wanted = Object.entries({ ...fields, event: kind });
    return this.#find(`${kind} ${JSON.stringify(fields)}`, () =>
      this.events.find((event) => wanted.every(([name, value]) => event[name] === value)),
    );
  }

  /** The first message, come or to come, that contains the text; of somebody in particular if need be. */
  hears(text: string, typeId = "text", senderInboxId?: string): Promise<Heard> {
    return this.#find(`hearing "${text}" as ${typeId}`, () =>
      this.events.find(
        (event): event is Heard =>
          Value.Check(Heard, event) &&
          event.content.includes(text) &&
          event.contentType.typeId === typeId &&
          (senderInboxId === undefined || event.senderInboxId === senderInboxId),
      ),
    );
  }

  /** Gives an order and resolves, when it has been carried out, with the id of the message that it became, if any. */
  order(command: LiveEvent): Promise<string> {
    const before = this.events.length;
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.#find(`${command.type} to be done`, () => {
      for (const event of this.events.slice(before)) {
        if (event.event === "error") throw new Error(`the client failed: ${JSON.stringify(event)}`);
        if (event.event === "sent") return typeof event.id === "string" ? event.id : "no message";
      }
      return undefined;
    });
  }

  say(text: string, replyTo?: string): Promise<string> {
    return this.order({ type: "send", text, replyTo });
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    // It goes on after an order to stop until nobody can give it another.
    if (this.#isRunning) this.#child.stdin.end('{"type":"stop"}\n');
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  #find<T>(what: string, look: () => T | undefined): Promise<T> {
    return patiently(what, () => {
      const found = look();
      if (found === undefined && !this.#isRunning)
        throw new Error(`the client ended before ${what}: ${this.#errors}`);
      return found;
    });
  }
}
