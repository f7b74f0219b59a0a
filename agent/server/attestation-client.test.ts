import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import type { AgentAttestation } from "../../domain/attestation.ts";
import { createAttestationClient, type RenewAttestation } from "./attestation-client.ts";

const FORMER: AgentAttestation = {
  inboxId: "a1".repeat(32),
  signature: "s".repeat(86),
  timestamp: "2026-11-23T00:00:00Z",
  keyId: "key",
};
const NEWER = { ...FORMER, timestamp: "2026-11-23T13:00:00Z" };

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A client of a platform that answers so. */
async function clientOf(answer: RequestListener): Promise<RenewAttestation> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const gatewayUrl = `http://127.0.0.1:${address.port}`;
  return createAttestationClient({ gatewayUrl, instanceId: "abcdefabcdef", instanceSecret: "5".repeat(64) });
}
const signal = new AbortController().signal;

it("takes a newer attestation of the same inbox, and nothing else", async () => {
  let answer: object = NEWER;
  const renew = await clientOf((_request, response) => response.end(JSON.stringify(answer)));
  expect(await renew(FORMER, signal)).toEqual(NEWER);
  answer = { ...NEWER, inboxId: "b2".repeat(32) };
  await expect(renew(FORMER, signal)).rejects.toThrow("something else");
});

it("is told by a conflict that there will be none, and rejects when it cannot be told", async () => {
  let status = 409;
  const renew = await clientOf((_request, response) => response.writeHead(status).end("{}"));
  expect(await renew(FORMER, signal)).toBeUndefined();
  status = 503;
  await expect(renew(FORMER, signal)).rejects.toThrow("answered 503");
});

it("reads no more of an answer without a declared length than an attestation can have", async () => {
  const renew = await clientOf((_request, response) => {
    response.write(JSON.stringify(NEWER) + " ".repeat(8_192));
  });
  await expect(renew(FORMER, signal)).rejects.toThrow("too much");
});
