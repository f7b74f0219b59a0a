import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInvite, inspectInvite } from "../../agent/convos/index.ts";
import type { Actor } from "./actor.ts";
import { Created, Inspected, InviteMade } from "./answers.ts";
import { TEST_TIMEOUT_MS } from "./patience.ts";
import { OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

const DESCRIPTION = "Where to go, what to take along, who brings the towels. ".repeat(12).trim();

let stage: Stage;
let carla: Actor;

beforeAll(async () => {
  stage = await Stage.open();
  carla = await stage.actor("Carla");
}, OPEN_TIMEOUT_MS);
afterAll(() => stage?.close());

describe("an invite with all that it can carry", { timeout: TEST_TIMEOUT_MS }, () => {
  it("by our side is read by Convos's own client", async () => {
    const shown = { name: "Trip to Rome 🏛️", description: DESCRIPTION, emoji: "🏖️" };
    const expiresAt = new Date("2040-01-02T03:04:05Z");
    const conversationExpiresAt = new Date("2040-02-03T04:05:06Z");
    const { url } = createInvite({
      ...shown,
      ...{ privateKey: generatePrivateKey(), inboxId: "ab".repeat(32), groupId: "cd".repeat(16) },
      ...{ tag: "Tag4567890", env: "local", imageUrl: "https://example.org/rome.png" },
      ...{ expiresAt, conversationExpiresAt, expiresAfterUse: true },
    });
    expect(await carla.ask(Inspected, "conversations", "inspect-invite", url)).toEqual({
      ...shown,
      tag: "Tag4567890",
      creatorInboxId: "ab".repeat(32),
      imageUrl: "https://example.org/rome.png",
      expiresAt: expiresAt.toISOString(),
      expiresAfterUse: true,
      conversationExpiresAt: conversationExpiresAt.toISOString(),
      signatureValid: true,
      inviteExpired: false,
      conversationExpired: false,
      conversationTokenBytes: 63,
    });
  });

  it("by Convos's own client is read by our side, compressed as it is", async () => {
    const create = ["conversations", "create", "--name", "Trip", "--description", DESCRIPTION];
    const { conversationId, inboxId } = await carla.ask(Created, ...create);
    const flags = ["--single-use", "--expires-in", "3600"];
    const made = await carla.ask(InviteMade, "conversation", "invite", conversationId, ...flags);
    expect(made.slug).toMatch(/^H/);
    const inspection = inspectInvite(made.url, { now: new Date(), network: "local", ownInboxId: "" });
    if (inspection.outcome !== "usable") throw new Error(inspection.outcome);
    expect(inspection.invite).toMatchObject({
      creatorInboxId: inboxId,
      tag: made.tag,
      name: "Trip",
      description: DESCRIPTION,
      expiresAfterUse: true,
    });
    const expired = { now: new Date(Date.now() + 3_601_000), network: "local", ownInboxId: "" } as const;
    expect(inspectInvite(made.url, expired).outcome).toBe("invite-expired");
  });
});
