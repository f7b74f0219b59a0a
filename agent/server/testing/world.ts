import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, Group } from "@xmtp/node-sdk";
import { startXmtpNode, type XmtpNode } from "../../../infra/local/xmtp-node/node.ts";
import { eventually } from "../../../infra/testing/eventually.ts";
import { awaitAdmission, type Invite, parseInvite, sendJoinRequest } from "../../convos/index.ts";
import { type AgentIdentity, AgentProcess, newAgentIdentity } from "./agent-process.ts";
import { openPerson, type Person } from "./person.ts";
import { startTestPlatform, type TestPlatform } from "./platform.ts";

export type { Person } from "./person.ts";

export const CLAIM_ID = "abcdefghij0123456789";

/** A network, a platform and one agent with its state folder. Everything is gone after `close`. */
export class World {
  readonly identity: AgentIdentity = newAgentIdentity();
  readonly platform: TestPlatform;
  node: XmtpNode;
  readonly #folder: string;
  readonly #agents: AgentProcess[] = [];
  readonly #clients: Client<unknown>[] = [];

  private constructor(folder: string, node: XmtpNode, platform: TestPlatform, identity: AgentIdentity) {
    this.#folder = folder;
    this.node = node;
    this.platform = platform;
    this.identity = identity;
  }

  static async open(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "agent-server-"));
    const identity = newAgentIdentity();
    const platform = await startTestPlatform(identity.instanceId, identity.instanceSecret);
    const node = await startXmtpNode({ dataDir: join(folder, "node") });
    return new World(folder, node, platform, identity);
  }

  get stateDir(): string {
    return join(this.#folder, "state");
  }

  /** A path for `HOLD_VARIABLE`; `release` lets the brain answer. */
  get holdFile(): string {
    return join(this.#folder, "answer-now");
  }

  async release(): Promise<void> {
    await writeFile(this.holdFile, "");
  }

  async startAgent(
    epoch = 1,
    environment: Readonly<Record<string, string>> = {},
    brain: "echo" | "openclaw" = "echo",
  ): Promise<AgentProcess> {
    const agent = await AgentProcess.start({
      identity: this.identity,
      stateDir: this.stateDir,
      gatewayUrl: this.platform.url,
      xmtpUrl: this.node.url,
      epoch,
      environment,
      brain,
    });
    this.#agents.push(agent);
    return agent;
  }

  async startReadyAgent(
    epoch = 1,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<AgentProcess> {
    const agent = await this.startAgent(epoch, environment);
    await eventually("the agent to be ready", async () => (await agent.status()).ready);
    return agent;
  }

  /** Stops the node, does something meanwhile, and starts it again on its data and its port. */
  async restartNode(meanwhile: () => Promise<void>): Promise<void> {
    const { port } = this.node;
    await this.node.close();
    await meanwhile();
    this.node = await startXmtpNode({ port, dataDir: join(this.#folder, "node") });
  }

  async person(privateKey?: `0x${string}`): Promise<Person> {
    const person = await openPerson(this.node.url, this.#folder, privateKey);
    this.#clients.push(person.client);
    return person;
  }

  /** Every byte below the state folder, by path. */
  async stateFiles(): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    for (const entry of await readdir(this.stateDir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path.slice(this.stateDir.length + 1), await readFile(path));
    }
    return files;
  }

  /** Loses a part of the state, as a volume that was not attached would. */
  async removeState(name: string): Promise<void> {
    await rm(join(this.stateDir, name), { recursive: true });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) await agent.kill();
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.node.close();
    await this.platform.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export function parsedInvite(url: string | null): Invite {
  const parsed = parseInvite(url ?? "");
  if (!parsed.ok) throw new Error(`the invite does not parse: ${parsed.reason}`);
  return parsed.invite;
}

/** Joins as the app does: asks the inviter, waits to be added. */
export async function joinByUrl(
  { client }: Person,
  url: string | null,
  timeoutMs = 15_000,
): Promise<Group<unknown>> {
  const invite = parsedInvite(url);
  const sent = await sendJoinRequest(client, invite, { name: "Ada" });
  if (sent.status !== "sent") throw new Error(`the join request was not sent: ${sent.status}`);
  const admission = await awaitAdmission(client, invite, { timeoutMs });
  if (admission.status !== "joined") throw new Error(`not admitted: ${admission.status}`);
  return admission.group;
}

/** The texts of others in a group, oldest first. */
export async function textsFrom(group: Group<unknown>, senderInboxId: string): Promise<string[]> {
  await group.sync();
  const messages = await group.messages();
  return messages.flatMap(({ content, senderInboxId: sender }) =>
    sender === senderInboxId && typeof content === "string" ? [content] : [],
  );
}
