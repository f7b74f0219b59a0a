import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeAppData } from "../../convos/index.ts";
import { type FileServer, startFileServer } from "../attachments/testing/file-server.ts";
import { type ClaimContent, type ClaimStore, createClaimStore } from "../state/claim-record.ts";
import { openDatabase } from "../state/database.ts";
import { createFacts, type Facts } from "../state/facts.ts";
import { createVault, SALT_BYTES } from "../state/vault.ts";
import { type PictureOptions, showPicture } from "./picture.ts";

const GIF = Buffer.from("R0lGODlhAQABAAAAACwAAAAAAQABAAA7", "base64");

let root: string;
let database: DatabaseSync;
let claim: ClaimStore;
let facts: Facts;
let origin: FileServer;
let respond: RequestListener;
let asked: number;
let logged: unknown[];
let sent: number;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "picture-"));
  database = openDatabase(join(root, "agent.db"));
  claim = createClaimStore(database, createVault("ab".repeat(32), randomBytes(SALT_BYTES)));
  facts = createFacts(database);
  [asked, sent, logged] = [0, 0, []];
  respond = (_request, response) => response.end(GIF);
  origin = await startFileServer((request, response) => {
    asked += 1;
    respond(request, response);
  });
});
afterEach(async () => {
  await origin.close();
  database.close();
  rmSync(root, { recursive: true });
});

function hasClaim(more: Partial<ClaimContent>): void {
  const content = { instructions: "", agentName: "Walrus", ...more };
  claim.insert({ claimId: "c", content, outcome: "created", conversationId: "g", inviteUrl: null });
}

const optionsFor = (more: Partial<PictureOptions> = {}): PictureOptions => ({
  chat: {
    client: { inboxId: "me" },
    group: {
      id: "g",
      appData: encodeAppData({ tag: "ccpfXDRHZv", profiles: [], imageEncryptionKey: randomBytes(32) }),
      sync: () => Promise.reject(new Error("not needed")),
      updateAppData: () => Promise.reject(new Error("not needed")),
      permissions: () => {
        throw new Error("not needed");
      },
      isAdmin: () => true,
      isSuperAdmin: () => true,
    },
  },
  claim,
  facts,
  profile: {
    send: async () => {
      sent += 1;
    },
  },
  folder: join(root, "pictures"),
  xmtpEnv: "local",
  fileOrigins: [origin.origin],
  attestation: async () => undefined,
  log: (event, fields) => logged.push([event, fields?.problem]),
  signal: new AbortController().signal,
  retryAfterMs: [1, 2],
  ...more,
});

describe("the claim's picture", () => {
  it("is given up after some attempts, for good, and said once", async () => {
    hasClaim({ profileImage: `${origin.origin}/x`, agentUrl: "https://agent.example" });
    respond = (_request, response) => response.writeHead(503).end();
    await showPicture(optionsFor());
    await showPicture(optionsFor());
    expect([asked, sent, logged]).toEqual([3, 0, [["picture-given-up", "unreachable"]]]);
  });

  it("is had when an attempt succeeds, and only once", async () => {
    hasClaim({ profileImage: `${origin.origin}/x`, agentUrl: "https://agent.example/a/" });
    respond = (_request, response) => (asked < 3 ? response.writeHead(503).end() : response.end(GIF));
    await showPicture(optionsFor({ xmtpEnv: "production" }));
    await showPicture(optionsFor({ xmtpEnv: "production" }));
    expect([asked, sent, logged]).toEqual([3, 1, [["picture-shown", undefined]]]);
    const [id] = readdirSync(join(root, "pictures"));
    expect(claim.read()?.content.picture?.url).toBe(`https://agent.example/a/pictures/${id}`);
  });

  it.each([
    ["http://agent.example", "production", "agent-url-not-https"],
    ["http://agent.example", "dev", "agent-url-not-https"],
    [undefined, "local", "agent-url-unknown"],
  ] as const)("is not even fetched when the agent is at %s on %s", async (agentUrl, xmtpEnv, problem) => {
    hasClaim({ profileImage: `${origin.origin}/x`, ...(agentUrl && { agentUrl }) });
    await showPicture(optionsFor({ xmtpEnv }));
    await showPicture(optionsFor({ xmtpEnv }));
    expect([asked, sent, logged]).toEqual([0, 0, [["picture-given-up", problem]]]);
  });

  it("is not written into a state that is being ended", async () => {
    hasClaim({ profileImage: `${origin.origin}/x`, agentUrl: "https://agent.example" });
    const ending = new AbortController();
    respond = (_request, response) => {
      ending.abort();
      response.end(GIF);
    };
    await showPicture(optionsFor({ signal: ending.signal }));
    expect([existsSync(join(root, "pictures")), sent, facts.get("picture"), logged]).toEqual([
      false,
      0,
      undefined,
      [],
    ]);
  });

  it("waits for a conversation that has no key and lets the agent make none", async () => {
    hasClaim({ profileImage: `${origin.origin}/x`, agentUrl: "https://agent.example" });
    const options = optionsFor();
    const group = {
      ...options.chat.group,
      appData: encodeAppData({ tag: "ccpfXDRHZv", profiles: [] }),
      sync: async () => undefined,
      permissions: () => ({ policySet: { updateAppDataPolicy: 1 } }),
    };
    await showPicture({
      ...options,
      chat: { ...options.chat, group: Object.assign(options.chat.group, group) },
    });
    expect([asked, logged]).toEqual([3, [["picture-given-up", "image-key-missing"]]]);
  });
});
