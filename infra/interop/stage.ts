import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { profileUpdateCodec, sendContent } from "../../agent/convos/index.ts";
import type { AgentProcess } from "../../agent/server/testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, type Person, World } from "../../agent/server/testing/world.ts";
import type { ProvisionRequest } from "../../domain/agent-protocol.ts";
import { eventually } from "../testing/eventually.ts";
import { Actor } from "./actor.ts";
import { type FileHost, startFileHost } from "./file-host.ts";
import { INSTALL_TIMEOUT_MS, installClient } from "./install-client.ts";
import type { LiveSession } from "./live-session.ts";

/** For the hook that opens a stage: the first of all installs the client. */
export const OPEN_TIMEOUT_MS = INSTALL_TIMEOUT_MS + 60_000;

export interface ClaimedAgent {
  readonly agent: AgentProcess;
  readonly inboxId: string;
  readonly conversationId: string;
  readonly inviteUrl: string;
}

/** A network with an agent on it, as in the agent's own tests, and people who use Convos's own client. */
export class Stage {
  readonly world: World;
  readonly fileHost: FileHost;
  readonly #program: string;
  readonly #folder: string;
  readonly #sessions: LiveSession[] = [];

  private constructor(program: string, folder: string, world: World, fileHost: FileHost) {
    this.#program = program;
    this.#folder = folder;
    this.world = world;
    this.fileHost = fileHost;
  }

  static async open(): Promise<Stage> {
    const program = await installClient();
    const folder = await mkdtemp(join(tmpdir(), "convos-interop-"));
    return new Stage(program, folder, await World.open(), await startFileHost());
  }

  /** Somebody with the client and an empty home. */
  async actor(name: string): Promise<Actor> {
    const folder = join(this.#folder, name);
    await mkdir(folder);
    const { fileHost, world } = this;
    return Actor.arrive({ program: this.#program, nodeUrl: world.node.url, folder, name, fileHost });
  }

  /** Has the actor in a conversation for as long as the stage is open, or until it stops. */
  async live(actor: Actor, conversationId: string, ...flags: string[]): Promise<LiveSession> {
    const session = await actor.live(conversationId, ...flags);
    this.#sessions.push(session);
    return session;
  }

  /** An agent that nobody has claimed. It may fetch files from where the actors put theirs. */
  readyAgent(): Promise<AgentProcess> {
    return this.world.startReadyAgent(1, { FILE_ORIGINS: this.fileHost.url });
  }

  /** An agent that waits in a conversation of its own. */
  async claimedAgent(claim: Partial<ProvisionRequest> = {}): Promise<ClaimedAgent> {
    const agent = await this.readyAgent();
    await eventually("its first report", () =>
      this.world.platform.events.some(({ kind }) => kind === "idle"),
    );
    const request = { claimId: CLAIM_ID, instructions: "", name: "Walrus", ...claim };
    const { inviteUrl, conversationId } = await agent.provision(request);
    const { inboxId } = await agent.status();
    return {
      agent,
      inboxId: inboxId ?? "",
      conversationId: conversationId ?? "",
      inviteUrl: inviteUrl ?? "",
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.stop()));
    await this.world.close();
    await this.fileHost.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A person on the SDK joins as the app does: asks, waits, says who it is. */
export async function appJoins(person: Person, url: string, name: string): Promise<Group<unknown>> {
  const group = await joinByUrl(person, url);
  await sendContent(group, profileUpdateCodec, { name });
  return group;
}
