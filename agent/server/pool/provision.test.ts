import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { encodeAppData, generateTag } from "../../convos/index.ts";
import { createClaimStore } from "../state/claim-record.ts";
import { openDatabase } from "../state/database.ts";
import { createVault, SALT_BYTES } from "../state/vault.ts";
import { createProvision } from "./provision.ts";

it("serves a stored claim once, although the instructions could not be written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "provision-"));
  const database = openDatabase(join(folder, "agent.db"));
  const vault = createVault(randomBytes(32).toString("hex"), randomBytes(SALT_BYTES));
  let served = 0;
  const provision = createProvision({
    config: { instanceId: "i", epoch: 1, xmtpEnv: "local", defaultAgentName: "Agent" },
    claim: createClaimStore(database, vault),
    exploding: () => false,
    parts: () => ({
      main: { inboxId: randomBytes(32).toString("hex") },
      join: { inboxId: randomBytes(32).toString("hex") },
      privateKey: `0x${randomBytes(32).toString("hex")}`,
      group: {
        id: randomBytes(16).toString("hex"),
        appData: encodeAppData({ tag: generateTag(), profiles: [] }),
      },
    }),
    instruct: () => Promise.reject(new Error("the disk is full")),
    serve: () => {
      served += 1;
    },
    joinSettled: async () => undefined,
  });
  const request = { claimId: "abcdefghij0123456789", nonce: "0".repeat(16), instructions: "" };
  await expect(provision(request)).rejects.toThrow("the disk is full");
  await eventually("the service", () => served === 1);
  expect(await provision(request)).toMatchObject({ kind: "answer", answer: { outcome: "created" } });
  expect(served).toBe(1);
  database.close();
  rmSync(folder, { recursive: true, force: true });
});
