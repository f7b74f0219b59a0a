import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeText, type Group } from "@xmtp/node-sdk";
import { filesOf, type SentFile } from "../../../agent/server/attachments/sent-file.ts";
import { openPerson, type Person } from "../../../agent/server/testing/person.ts";
import { joinByUrl } from "../../../agent/server/testing/world.ts";
import type { ScriptLine } from "../../local/doubles/openrouter/model/script.ts";
import { freePort } from "../../local/free-port.ts";
import { eventually } from "../eventually.ts";
import { startProgram, type TestProgram } from "../program.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const BOOT_MS = 240_000;
const ANSWER_MS = 90_000;
const DOUBLES = {
  openrouter: "OPENROUTER_BASE_URL",
  agentmail: "AGENTMAIL_BASE_URL",
  telnyx: "TELNYX_BASE_URL",
  bankr: "BANKR_BASE_URL",
} as const;

/** A message of the agent, as a person has it. */
export interface Heard {
  id: string;
  text: string;
  files: readonly SentFile[];
}

/**
 * The stack of `npm start` with one real agent, openclaw too, that Ada has claimed and talks to. What comes of it is looked at
 * where it ends: in her chat and in the providers' doubles.
 */
export class SkillScene implements AsyncDisposable {
  readonly instanceId: string;
  /** Where the agent listens on this machine. */
  readonly agentUrl: string;
  readonly ada: Person;
  readonly group: Group<unknown>;
  readonly #state: string;
  readonly #stack: TestProgram;
  /** Messages of the agent that have been looked at. */
  #heard = 0;

  private constructor(parts: {
    instanceId: string;
    agentUrl: string;
    ada: Person;
    group: Group<unknown>;
    state: string;
    stack: TestProgram;
  }) {
    this.instanceId = parts.instanceId;
    this.agentUrl = parts.agentUrl;
    this.ada = parts.ada;
    this.group = parts.group;
    this.#state = parts.state;
    this.#stack = parts.stack;
  }

  static async open(environment: Readonly<Record<string, string>> = {}): Promise<SkillScene> {
    const state = await mkdtemp(join(tmpdir(), "skills-"));
    // The user of the model's shell has to get to its folder; otherwise there is no shell.
    await chmod(state, 0o711);
    const xmtpPort = await freePort();
    const ports = ["--port", String(await freePort()), "--xmtp-port", String(xmtpPort)];
    const stack = await startProgram({
      script: join(ROOT, "infra/local/main.ts"),
      args: ["--state", state, "--headless", "--json", "--pool", "1", ...ports],
      env: environment,
      logFile: join(state, "stack.log"),
    });
    const { apiUrl, apiKey, xmtpApiUrl }: Record<string, string> = JSON.parse(
      await readFile(join(state, "credentials.json"), "utf8"),
    );
    const ask = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          "idempotency-key": "skills",
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return Object(await response.json());
    };
    const isIdle = async (): Promise<boolean> => Number((await ask("GET", "/api/pool/counts")).idle) > 0;
    await eventually("an agent is idle", isIdle, BOOT_MS);
    await ask("POST", "/api/pool/pause", { reason: "one agent is enough" });
    const claim = await ask("POST", "/api/pool/claim", { instructions: "You help Ada.", name: "Marco" });
    const instanceId = String(claim.instanceId);
    const folder = join(state, "agents", `cv-local-${instanceId}`);
    const { url: agentUrl } = Object(JSON.parse(await readFile(join(folder, "run.json"), "utf8")));
    const ada = await openPerson(xmtpApiUrl ?? "", state);
    const group = await joinByUrl(ada, String(claim.inviteUrl), 60_000);
    const scene = new SkillScene({ instanceId, agentUrl: String(agentUrl), ada, group, state, stack });
    await scene.next();
    return scene;
  }

  /** The agent's state folder. */
  get stateDir(): string {
    return join(this.#state, "agents", `cv-local-${this.instanceId}`, "state");
  }

  /** Says something and waits for the agent's answer. */
  async ask(text: string): Promise<Heard> {
    await this.group.sendText(text);
    return this.next();
  }

  /** What the model does when something is said, from now on. */
  async script(...lines: readonly ScriptLine[]): Promise<void> {
    await this.double("openrouter", "PUT", "/__double/openrouter/script", { lines });
  }

  /** Ada says something in reply to a message. */
  async reply(text: string, messageId: string): Promise<void> {
    const message = this.ada.client.conversations.getMessageById(messageId);
    const referenceInboxId = message?.senderInboxId ?? "";
    await this.group.sendReply({ reference: messageId, referenceInboxId, content: encodeText(text) });
  }

  /** Ada sends a file. */
  async send(filename: string, mimeType: string, content: Uint8Array): Promise<void> {
    await this.group.sendAttachment({ filename, mimeType, content });
  }

  /** The agent's next message that has not been looked at. */
  async next(): Promise<Heard> {
    const heard = await eventually(
      "the agent says something",
      async () => (await this.everything())[this.#heard],
      ANSWER_MS,
    ).catch(async (error: unknown) => {
      throw new Error(
        `${error instanceof Error ? error.message : error}\n${(await this.agentLog()).slice(-3_000)}`,
      );
    });
    this.#heard += 1;
    return heard;
  }

  /** Everything that the agent has said and sent, oldest first. */
  async everything(): Promise<Heard[]> {
    await this.group.sync();
    return (await this.group.messages()).flatMap((message) => {
      const { id, senderInboxId, content } = message;
      const files = filesOf(message);
      if (senderInboxId === this.ada.client.inboxId) return [];
      const text = typeof content === "string" ? content : "";
      return text === "" && files.length === 0 ? [] : [{ id, text, files }];
    });
  }

  /** Asks a double's control endpoint, such as `/__double/agentmail/mail`. */
  async double(name: keyof typeof DOUBLES, method: string, path: string, body?: object): Promise<unknown> {
    const base = Object(Object(this.#stack.ready).standInUrls)[DOUBLES[name]];
    const response = await fetch(new URL(path, String(base)), {
      method,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** A folder for what a test puts aside; gone with the scene. */
  get folder(): string {
    return this.#state;
  }

  /** How often the agent has decided about what was said. */
  async turnsDone(): Promise<number> {
    return (await this.agentLog()).split('"event":"attention"').length - 1;
  }

  agentLog(): Promise<string> {
    return readFile(join(this.stateDir, "..", "agent.log"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ada.client.close();
    await this.#stack.stop();
    await rm(this.#state, { recursive: true, force: true });
  }
}
