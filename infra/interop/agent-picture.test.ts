import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../agent/server/attachments/testing/certificate.ts";
import { type FileServer, startFileServer } from "../../agent/server/attachments/testing/file-server.ts";
import type { AgentProcess } from "../../agent/server/testing/agent-process.ts";
import { CLAIM_ID } from "../../agent/server/testing/world.ts";
import type { Actor } from "./actor.ts";
import { Created, Processed, SavedFile } from "./answers.ts";
import { JOIN_WAIT_S, patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Carla uses Convos's own client, Walrus is the agent, whose claim has a picture. */
let folder: string;
let origin: FileServer;
let stage: Stage;
let carla: Actor;
let agent: AgentProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "picture-interop-"));
  const certificate = selfSigned("localhost");
  const authority = join(folder, "ca.pem");
  await writeFile(authority, certificate.cert);
  origin = await startFileServer((_request, response) => response.end(PICTURE), certificate);
  stage = await Stage.open();
  carla = await stage.actor("Carla");
  agent = await stage.world.startReadyAgent(1, {
    FILE_ORIGINS: `https://localhost:${origin.port}`,
    NODE_EXTRA_CA_CERTS: authority,
  });
}, OPEN_TIMEOUT_MS);
afterEach(async () => {
  await stage?.close();
  await origin?.close();
  await rm(folder, { recursive: true, force: true });
});

const claim = (joinUrl?: string) =>
  agent.provision({
    claimId: CLAIM_ID,
    instructions: "",
    name: "Walrus",
    profileImage: `https://localhost:${origin.port}/walrus.png`,
    agentUrl: agent.url,
    ...(joinUrl && { joinUrl }),
  });

/** What Carla's client saves as the picture of a member. */
async function saved(conversationId: string | null, inboxId: string | null): Promise<Buffer> {
  const output = join(carla.folder, "walrus.png");
  const args = ["download-profile-image", conversationId ?? "", inboxId ?? "", "--output", output, "--sync"];
  await carla.ask(SavedFile, "conversation", ...args);
  return readFile(output);
}

describe("an agent's picture", { timeout: TEST_TIMEOUT_MS }, () => {
  it("is saved by Convos's own client that comes when it is there", async () => {
    const { inviteUrl, conversationId } = await claim();
    await patiently("the picture", () => agent.logged("picture-shown"));
    expect(await carla.join(inviteUrl ?? "", JOIN_WAIT_S)).toMatchObject({ status: "joined" });
    const { inboxId } = await agent.status();
    expect(await saved(conversationId, inboxId)).toEqual(PICTURE);
  });

  it("is saved by the client that has let the agent in", async () => {
    const create = ["conversations", "create", "--name", "Trip", "--profile-name", "Carla"];
    const { conversationId, invite } = await carla.ask(Created, ...create);
    const claiming = claim(invite.url);
    await patiently("the request", async () => {
      const { processed } = await carla.ask(Processed, "conversations", "process-join-requests");
      return processed > 0;
    });
    expect((await claiming).outcome).not.toBe("created");
    await patiently("the picture", () => agent.logged("picture-shown"));
    const { joinInboxId } = await agent.status();
    expect(await saved(conversationId, joinInboxId)).toEqual(PICTURE);
  });
});
