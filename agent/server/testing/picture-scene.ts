import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import type { ProvisionAnswer, ProvisionRequest } from "../../../domain/agent-protocol.ts";
import { eventually } from "../../../infra/testing/eventually.ts";
import { type Profile, resolveProfiles } from "../../convos/index.ts";
import { selfSigned } from "../attachments/testing/certificate.ts";
import { type FileServer, startFileServer } from "../attachments/testing/file-server.ts";
import { freePort } from "../gateway/free-port.ts";
import type { AgentProcess } from "./agent-process.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "./world.ts";

/** What cameras add at the end of a picture, and what is looked for on the disk. */
export const PICTURE_WORDS = "a walrus on a beach";
/** A part of the picture's address. */
export const ADDRESS_WORDS = "walrus-portrait";
export const PNG = Buffer.concat([
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
  Buffer.from(PICTURE_WORDS),
]);

/** A world, and an HTTPS server that has the picture of its agent's claim. */
export class PictureScene {
  readonly world: World;
  /** Of the agent, which keeps its port over restarts. */
  readonly environment: Record<string, string>;
  /** How often the picture has been asked for. */
  asked = 0;
  answer: (response: ServerResponse) => void = (response) => response.end(PNG);
  readonly #folder: string;
  readonly #origin: FileServer;

  private constructor(world: World, folder: string, authority: string, port: number, origin: FileServer) {
    this.world = world;
    this.#folder = folder;
    this.#origin = origin;
    const FILE_ORIGINS = `https://localhost:${origin.port}`;
    this.environment = { FILE_ORIGINS, NODE_EXTRA_CA_CERTS: authority, PORT: String(port) };
  }

  static async open(): Promise<PictureScene> {
    const folder = await mkdtemp(join(tmpdir(), "picture-"));
    const certificate = selfSigned("localhost");
    const authority = join(folder, "ca.pem");
    await writeFile(authority, certificate.cert);
    const origin = await startFileServer((_request, response) => {
      scene.asked += 1;
      scene.answer(response);
    }, certificate);
    const scene = new PictureScene(await World.open(), folder, authority, await freePort(), origin);
    return scene;
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.#origin.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Whoever asks waits. What is returned sends the picture to all of them, and to who asks later. */
  hold(): () => void {
    const waiting: ServerResponse[] = [];
    this.answer = (response) => waiting.push(response);
    return () => {
      this.answer = (response) => response.end(PNG);
      for (const response of waiting) this.answer(response);
    };
  }

  claim(agent: AgentProcess, more: Partial<ProvisionRequest> = {}): Promise<ProvisionAnswer> {
    return agent.provision({
      claimId: CLAIM_ID,
      instructions: "",
      name: "Walrus",
      profileImage: `https://localhost:${this.#origin.port}/${ADDRESS_WORDS}.png`,
      agentUrl: agent.url,
      ...more,
    });
  }

  async claimed(): Promise<{ agent: AgentProcess; agentInbox: string; inviteUrl: string | null }> {
    const agent = await this.world.startReadyAgent(1, this.environment);
    const { inboxId } = await agent.status();
    const { inviteUrl } = await this.claim(agent);
    return { agent, agentInbox: inboxId ?? "", inviteUrl };
  }

  /** The first person joins and is greeted. */
  async enter(inviteUrl: string | null, agentInbox: string): Promise<Group<unknown>> {
    const group = await joinByUrl(await this.world.person(), inviteUrl);
    await eventually("the greeting", async () => (await textsFrom(group, agentInbox)).length > 0);
    return group;
  }
}

export async function profileOf(group: Group<unknown>, inboxId: string): Promise<Profile | undefined> {
  await group.sync();
  return (await resolveProfiles(group)).get(inboxId);
}

export const pictureOf = (group: Group<unknown>, inboxId: string) =>
  eventually("the picture", async () => (await profileOf(group, inboxId))?.encryptedImage);

export const isAnswered = (group: Group<unknown>, agentInbox: string, text: string): Promise<true> =>
  eventually(`the answer to ${text}`, async () =>
    (await textsFrom(group, agentInbox)).includes(`echo: ${text}`),
  );
