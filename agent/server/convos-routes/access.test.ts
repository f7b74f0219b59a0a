import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "../../../domain/agent-protocol.ts";
import type { AgentProcess } from "../testing/agent-process.ts";
import { World } from "../testing/world.ts";
import { type Answer, ask, refusal } from "./testing/ask.ts";
import { convosToken } from "./token.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const call = (agent: AgentProcess, path: string, body?: unknown): Promise<Answer> =>
  ask(agent, convosToken(world.identity.instanceSecret), path, body);

const PATHS = [
  ["GET", "/convos/status"],
  ["GET", "/convos/invite"],
  ["POST", "/convos/conversation"],
  ["POST", "/convos/join"],
  ["POST", "/convos/lock"],
  ["POST", "/convos/explode"],
] as const;

describe("access", () => {
  it("is for the token alone, by each route's own method, with bodies as they should be", async () => {
    const agent = await world.startReadyAgent();
    const { instanceSecret, modelKey, stateKey } = world.identity;
    const gatewayToken = randomBytes(32).toString("hex");
    for (const [method, path] of PATHS) {
      for (const token of ["", instanceSecret, gatewayToken]) {
        const body = method === "POST" ? {} : undefined;
        const answer = await ask(agent, token, path, body);
        expect([answer.status, answer.body.code], `${path} by ${token}`).toEqual([401, "unauthorized"]);
        expect(answer.headers.get("cache-control")).toBe("no-store");
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
      const wrong = await ask(
        agent,
        convosToken(instanceSecret),
        path,
        undefined,
        method === "GET" ? "DELETE" : "GET",
      );
      expect([wrong.status, wrong.body.code, wrong.headers.get("allow")], path).toEqual([
        405,
        "method-not-allowed",
        method,
      ]);
    }
    expect(await refusal(call(agent, "/convos/reset", {}))).toEqual([404, "not-found"]);
    expect(await refusal(call(agent, "/convos/status/", {}))).toEqual([404, "not-found"]);
    for (const body of ["no json", [], {}, { locked: "yes" }, { locked: true, more: 1 }])
      expect(await refusal(call(agent, "/convos/lock", body))).toEqual([400, "invalid-request"]);
    for (const body of [{ name: "" }, { name: "x".repeat(51) }, { instructions: "x".repeat(32_001) }])
      expect(await refusal(call(agent, "/convos/conversation", body))).toEqual([400, "invalid-request"]);
    expect(await refusal(call(agent, "/convos/join", { name: "Walrus" }))).toEqual([400, "invalid-request"]);
    expect(await refusal(call(agent, "/convos/explode", { reason: "member" }))).toEqual([
      400,
      "invalid-request",
    ]);
    const large = { locked: true, padding: "x".repeat(2_000) };
    expect(await refusal(call(agent, "/convos/lock", large))).toEqual([413, "body-too-large"]);
    const token = convosToken(instanceSecret);
    expect((await agent.post(AGENT_PATHS.explode, { reason: "operator" }, token)).status).toBe(401);
    expect((await agent.status()).exploding).toBe(false);
    for (const secret of [token, instanceSecret, modelKey, stateKey]) expect(agent.log).not.toContain(secret);
  });

  it("counts wrong tokens, and lets the right one in all the same", async () => {
    const agent = await world.startReadyAgent();
    const statuses: number[] = [];
    for (let n = 0; n < 35; n += 1) statuses.push((await ask(agent, `wrong-${n}`, "/convos/status")).status);
    expect(statuses).toEqual([...Array(30).fill(401), ...Array(5).fill(429)]);
    const { status, body } = await call(agent, "/convos/status");
    expect([status, body.ready]).toEqual([200, true]);
  });
});
