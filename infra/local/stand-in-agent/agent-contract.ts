import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AGENT_PATHS,
  type AgentSecrets,
  inviteProofParts,
  provisionProofParts,
  statusProofParts,
} from "../../../domain/agent-protocol.ts";
import { eventually } from "../../testing/eventually.ts";
import { AgentCaller } from "./agent-caller.ts";
import { type GatewayListener, startGatewayListener } from "./gateway-listener.ts";

export interface AgentStart {
  instanceId: string;
  epoch: number;
  generation: string;
  gatewayUrl: string;
  secrets: AgentSecrets;
}

/** A started agent. Starting the same instance again, after `kill` or its own end, is on the state it left. */
export interface AgentUnderTest {
  url: string;
  /** Resolves when the process is gone by itself or by `kill`. */
  exited: Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface AgentContractOptions {
  /** From start to `idle` reported, and from explode to exit. */
  readyTimeoutMs: number;
}

const newId = (length: number): string => randomBytes(length).toString("hex").slice(0, length);

/**
 * What every agent has to keep of `domain/agent-protocol.ts`, seen only by HTTP and by its reports: one agent is led
 * through a whole life, with a crash in it, so the tests of this suite depend on the ones before them.
 */
export function describeAgentContract(
  name: string,
  start: (input: AgentStart) => Promise<AgentUnderTest>,
  { readyTimeoutMs }: AgentContractOptions = { readyTimeoutMs: 10_000 },
): void {
  describe(`agent contract: ${name}`, () => {
    const instanceId = newId(12);
    const claimId = newId(20);
    const secrets: AgentSecrets = { instanceSecret: newId(64), modelKey: newId(32), stateKey: newId(64) };
    const caller = new AgentCaller(secrets.instanceSecret);
    const timeoutMs = readyTimeoutMs * 2 + 10_000;
    let gateway: GatewayListener;
    let agent: AgentUnderTest;

    const boot = async (epoch: number): Promise<AgentUnderTest> => {
      agent = await start({ instanceId, epoch, generation: "contract", gatewayUrl: gateway.url, secrets });
      return agent;
    };
    const idleOf = (epoch: number) =>
      gateway.accepted(instanceId, "idle").find(({ event }) => event.epoch === epoch)?.event;
    const isIdle = (epoch: number): Promise<void> =>
      gateway.waitUntil(`idle of epoch ${epoch}`, () => idleOf(epoch) !== undefined, readyTimeoutMs);

    beforeAll(async () => {
      gateway = await startGatewayListener();
      gateway.refuseNext(2);
      await boot(1);
    }, timeoutMs);
    afterAll(async () => {
      await agent.kill();
      await gateway.close();
    }, timeoutMs);

    test("health is answered without authentication and says whether it is ready", async () => {
      const { status, body } = await caller.get(agent.url, AGENT_PATHS.health);
      expect([200, 503]).toContain(status);
      expect(body).toMatchObject({ ready: status === 200, parts: expect.any(Object) });
    });

    test("idle is reported until it is accepted, as the same report", { timeout: timeoutMs }, async () => {
      await isIdle(1);
      const idles = gateway.reports.filter(({ event }) => event.kind === "idle");
      expect(idles.length).toBeGreaterThanOrEqual(2);
      for (const report of idles) {
        expect(report).toMatchObject({ instanceId, bearer: secrets.instanceSecret });
        expect(report.event).toEqual(idles[0]?.event);
      }
      const accepted = gateway.accepted(instanceId, "idle");
      expect(accepted).toHaveLength(1);
    });

    test("the status is signed over the caller's nonce and agrees with the report", async () => {
      const nonce = newId(32);
      const status = await caller.status(agent.url, nonce);
      expect(status).toMatchObject({ instanceId, epoch: 1, generation: "contract", ready: true });
      expect(status).toMatchObject({ claimId: null, exploding: false });
      expect(idleOf(1)).toMatchObject({
        inboxId: status.inboxId,
        conversationId: status.conversationId,
        sequence: expect.any(Number),
      });
      expect(status.proof).toBe(caller.sign(statusProofParts(nonce, status)));
      expect(status.joinInboxId).not.toBe(status.inboxId);
      expect((await caller.status(agent.url, newId(32))).proof).not.toBe(status.proof);
    });

    test("without the secret nothing is told and nothing is done", async () => {
      const stranger = new AgentCaller(newId(64));
      expect((await stranger.askStatus(agent.url, newId(32))).status).toBe(401);
      const { provision, notify, invite, explode } = AGENT_PATHS;
      for (const path of [provision, notify, invite, explode])
        expect((await stranger.post(agent.url, path, {})).status).toBe(401);
      expect((await caller.status(agent.url, newId(32))).claimId).toBeNull();
    });

    test("what is not of the protocol is refused by 4xx", async () => {
      const { provision, explode } = AGENT_PATHS;
      expect((await caller.post(agent.url, provision, { claimId })).status).toBe(400);
      expect((await caller.post(agent.url, provision, "no object")).status).toBe(400);
      expect((await caller.post(agent.url, explode, { reason: "boredom" })).status).toBe(400);
      expect((await caller.get(agent.url, "/pool/nothing")).status).toBe(404);
      const large = { claimId, nonce: newId(32), instructions: "x".repeat(1024 * 1024) };
      const tooLarge = await caller.post(agent.url, provision, large, { mayBreakOff: true });
      expect([0, 413]).toContain(tooLarge.status);
      expect((await caller.status(agent.url, newId(32))).claimId).toBeNull();
    });

    test("provision opens the conversation and proves it; again, it is the same", async () => {
      const before = await caller.status(agent.url, newId(32));
      const picture = { profileImage: "https://pictures.invalid/contract.png", agentUrl: agent.url };
      const words = { instructions: "You are a test.", name: "Contract" };
      const request = { claimId, nonce: newId(32), ...words, ...picture };
      const [first, again] = await Promise.all([
        caller.provision(agent.url, request),
        caller.provision(agent.url, { ...request, nonce: newId(64) }),
      ]);
      expect(first).toMatchObject({ claimId, instanceId, epoch: 1, outcome: "created" });
      expect(first).toMatchObject({ agentName: "Contract", conversationId: before.conversationId });
      expect(first.inviteUrl).toMatch(/^https:\/\//);
      expect(first.proof).toBe(caller.sign(provisionProofParts(request.nonce, first)));
      expect({ ...again, proof: first.proof }).toEqual(first);
      expect(again.proof).not.toBe(first.proof);
      expect((await caller.status(agent.url, newId(32))).claimId).toBe(claimId);
    });

    test("another claim is refused and changes nothing", async () => {
      const request = { claimId: newId(20), nonce: newId(32), instructions: "Another." };
      const answer = await caller.post(agent.url, AGENT_PATHS.provision, request);
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({ code: "claimed-by-another" });
      expect((await caller.status(agent.url, newId(32))).claimId).toBe(claimId);
    });

    test("an invite is made anew for the claim that is served, and proved", async () => {
      const nonce = newId(32);
      // The conversation is opened a moment after the claim has been answered.
      await eventually("the room", async () => {
        const asked = await caller.post(agent.url, AGENT_PATHS.invite, { claimId, nonce });
        return asked.status === 200;
      });
      const first = await caller.invite(agent.url, { claimId, nonce });
      expect(first).toMatchObject({ claimId, instanceId, epoch: 1 });
      expect(first.inviteUrl).toMatch(/^https:\/\//);
      expect(first.proof).toBe(caller.sign(inviteProofParts(nonce, first)));
      const again = await caller.invite(agent.url, { claimId, nonce: newId(32) });
      expect(again.inviteUrl).not.toBe(first.inviteUrl);
      const other = await caller.post(agent.url, AGENT_PATHS.invite, { claimId: newId(20), nonce });
      expect([other.status, other.body]).toMatchObject([409, { code: "claimed-by-another" }]);
    });

    test("a notification is taken", async () => {
      const { status } = await caller.post(agent.url, AGENT_PATHS.notify, { id: newId(8) });
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(300);
    });

    test("after a kill it is the same agent under the next epoch", { timeout: timeoutMs }, async () => {
      const before = await caller.status(agent.url, newId(32));
      await agent.kill();
      await boot(2);
      await isIdle(2);
      const nonce = newId(32);
      const status = await caller.status(agent.url, nonce);
      const { inboxId, joinInboxId, conversationId } = before;
      expect(status).toMatchObject({ epoch: 2, inboxId, joinInboxId, conversationId, claimId, ready: true });
      expect(status.proof).toBe(caller.sign(statusProofParts(nonce, status)));
      const answer = await caller.provision(agent.url, { claimId, nonce, instructions: "You are a test." });
      expect(answer).toMatchObject({ epoch: 2, outcome: "created", agentName: "Contract", conversationId });
    });

    test("explode is taken at once, reported in order, and is the end", { timeout: timeoutMs }, async () => {
      gateway.refuseNext(1);
      const answers = [1, 2].map(() =>
        caller.post(agent.url, AGENT_PATHS.explode, { reason: "operator" }, { mayBreakOff: true }),
      );
      expect((await answers[0])?.status).toBe(202);
      await Promise.all(answers);
      await agent.exited;
      const end = gateway.reports.filter(({ event, accepted }) => event.epoch === 2 && accepted).slice(-2);
      expect(end.map(({ event }) => event.kind)).toEqual(["exploding", "exploded"]);
      const numbers = gateway.reports
        .filter(({ event, accepted }) => event.epoch === 2 && accepted)
        .map(({ event }) => event.sequence);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    });

    test("started again, it ends again and says nothing but that", { timeout: timeoutMs }, async () => {
      await boot(3);
      await agent.exited;
      const reports = gateway.reports.filter(({ event }) => event.epoch === 3);
      for (const { event } of reports) expect(["exploding", "exploded"]).toContain(event.kind);
    });

    test("no answer to anybody held a secret", () => {
      expect(caller.seen.length).toBeGreaterThan(10);
      for (const text of caller.seen)
        for (const secret of Object.values(secrets)) expect(text.includes(secret)).toBe(false);
    });
  });
}
