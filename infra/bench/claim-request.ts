import { Agent, request } from "node:http";

export interface Target {
  apiUrl: string;
  apiKey: string;
}

/** Beyond the longest time that the gateway holds a claim. */
const REQUEST_TIMEOUT_MS = 90_000;
const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });

/** One claim, from the first byte sent to the last byte read: the status, or the code of what went wrong. */
export function claimOnce(target: Target, key: string, waitMs: number): Promise<number | string> {
  const body = JSON.stringify({ instructions: "You are our trip planner", waitMs });
  return new Promise((resolve) => {
    const sent = request(
      `${target.apiUrl}/api/pool/claim`,
      {
        method: "POST",
        agent,
        timeout: REQUEST_TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${target.apiKey}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "idempotency-key": key,
        },
      },
      (response) => {
        response.resume();
        response.once("close", () => resolve(response.complete ? (response.statusCode ?? 0) : "cut-off"));
      },
    );
    sent.once("timeout", () => sent.destroy());
    sent.once("error", (error) => resolve("code" in error ? String(error.code) : "no-answer"));
    sent.end(body);
  });
}
