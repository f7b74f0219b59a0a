import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { profileUpdateCodec, sendContent } from "../../agent/convos/index.ts";
import type { AgentProcess } from "../../agent/server/testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, type Person, World } from "../../agent/server/testing/world.ts";
import type { ProvisionRequest } from "../../domain/agent-protocol.ts";
import { Actor } from "./actor.ts";
import { type FileHost, startFileHost } from "./file-host.ts";
import { INSTALL_TIMEOUT_MS, installClient } from "./install-client.ts";
import type { LiveSession } from "./live-session.ts";
import { patiently, WAIT_MS } from "./patience.ts";

/** For the hook that opens a stage and sets it: the first of all installs the client. */
export const OPEN_TIMEOUT_MS = INSTALL_TIMEOUT_MS + 5 * 60_000;

interface Parts {
  readonly program: string;
  readonly folder: string;
  readonly world: World;
  readonly fileHost: FileHost;
}

export interface ClaimedAgent {
  readonly agent: AgentProcess;
  readonly inboxId: string;
  readonly conversationId: string;
  readonly inviteUrl: string;
}

/**
 * A network with an agent on it, as in the agent's own tests, and people who use Convos's own client. A test file closes
 * it by `stage?.close()`, as there is none when `open` has failed.
 */
export class Stage {
  readonly world: World;
  readonly fileHost: FileHost;
  readonly #program: string;
  readonly #folder: string;
  /** What is on it; all of it is closed, whatever fails, the latest first. */
  readonly #things: AsyncDisposableStack;

  private constructor(parts: Parts, things: AsyncDisposableStack) {
    this.#program = parts.program;
    this.#folder = parts.folder;
    this.#things = things;
    this.world = parts.world;
    this.fileHost = parts.fileHost;
  }

  /** Leaves nothing behind when it rejects. */
  static async open(): Promise<Stage> {
    const program = await installClient();
    await using opened = new AsyncDisposableStack();
    const folder = opened.adopt(await mkdtemp(join(tmpdir(), "convos-interop-")), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const world = opened.adopt(await World.open(), (one) => one.close());
    const fileHost = opened.adopt(await startFileHost(), (one) => one.close());
    return new Stage({ program, folder, world, fileHost }, opened.move());
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
    return this.#things.adopt(session, (one) => one.stop());
  }

  /** An agent that nobody has claimed. It may fetch files from where the actors put theirs. */
  async readyAgent(): Promise<AgentProcess> {
    const agent = await this.world.startAgent(1, { FILE_ORIGINS: this.fileHost.url });
    await patiently("the agent to be ready", async () => (await agent.status()).ready);
    return agent;
  }

  /** An agent that waits in a conversation of its own. */
  async claimedAgent(claim: Partial<ProvisionRequest> = {}): Promise<ClaimedAgent> {
    const agent = await this.readyAgent();
    await this.world.platform.waitFor("idle", WAIT_MS);
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

  /** May be called again. */
  close(): Promise<void> {
    return this.#things.disposeAsync();
  }
}

/** A person on the SDK joins as the app does: asks, waits, says who it is. */
export async function appJoins(person: Person, url: string, name: string): Promise<Group<unknown>> {
  const group = await joinByUrl(person, url, WAIT_MS);
  await sendContent(group, profileUpdateCodec, { name });
  return group;
}
