import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AttestationKey,
  jwksOf,
  readAttestation,
  resolveProfiles,
  signAttestation,
  verifyAttestation,
} from "../../agent/convos/index.ts";
import type { Actor } from "./actor.ts";
import { Attested, Created } from "./answers.ts";
import { patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { appJoins, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** Ada uses the SDK, Carla Convos's own client, in Carla's conversation. */
let stage: Stage;
let adas: Group<unknown>;
let carla: Actor;
let carlaInbox: string;
const { privateKey } = generateKeyPairSync("ed25519");
const key: AttestationKey = { keyId: "maker-1", key: privateKey };

beforeAll(async () => {
  stage = await Stage.open();
  carla = await stage.actor("Carla");
  const pem = join(carla.folder, "key.pem");
  await writeFile(pem, privateKey.export({ type: "pkcs8", format: "pem" }));
  const created = await carla.ask(Created, "conversations", "create", "--name", "Trip");
  carlaInbox = created.inboxId;
  const attest = ["--attestation-private-key", pem, "--attestation-kid", key.keyId];
  const carlas = await stage.live(carla, created.conversationId);
  adas = await appJoins(await stage.world.person(), created.invite.url, "Ada");
  await carlas.stop();
  await (await stage.live(carla, created.conversationId, ...attest)).stop();
}, OPEN_TIMEOUT_MS);
afterAll(() => stage?.close());

describe("an agent's attestation", { timeout: TEST_TIMEOUT_MS }, () => {
  it("by Convos's own client is verified by our side", async () => {
    const attestation = await patiently("the attested profile", async () => {
      await adas.sync();
      return readAttestation((await resolveProfiles(adas)).get(carlaInbox)?.metadata ?? {});
    });
    const verdict = (inboxId: string) => verifyAttestation([key], inboxId, attestation, { at: new Date() });
    expect(verdict(carlaInbox)).toBe("verified");
    expect(verdict("0".repeat(64))).toBe("bad-signature");
  });

  it("by our side is verified by Convos's own client, with the keys as we publish them", async () => {
    const published = join(carla.folder, "agents.json");
    await writeFile(published, JSON.stringify(jwksOf([key])));
    const { signature, timestamp, keyId } = signAttestation(key, carlaInbox, new Date());
    const isVerified = async (inboxId: string): Promise<boolean> => {
      const said = ["--attestation", signature, "--attestation-ts", timestamp, "--attestation-kid", keyId];
      const args = ["attestation", "verify", inboxId, ...said, "--jwks-file", published];
      return (await carla.ask(Attested, ...args)).verified;
    };
    expect(await isVerified(carlaInbox)).toBe(true);
    expect(await isVerified("0".repeat(64))).toBe(false);
  });
});
