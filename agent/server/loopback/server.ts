import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { changesNothing, readsForeignWords } from "../../openclaw/config/tool-policy.ts";
import type { TelnyxRelay } from "../broker/telnyx-relay.ts";
import { createMoneyBreaker, type MoneyBreaker } from "../model-proxy/breaker.ts";
import { createCreditCheck } from "../model-proxy/credit-check.ts";
import type { ModelUpstream } from "../model-proxy/forward.ts";
import { PROBE_ANSWER } from "../model-proxy/local-answer.ts";
import type { MeterReading } from "../model-proxy/meter.ts";
import { createModelProxy } from "../model-proxy/proxy.ts";
import type { SkillHost } from "../skills/skill-host.ts";
import { createSkillRoutes } from "../skills/skill-routes.ts";
import type { TurnSource } from "./channel-api.ts";
import { createChannelRoutes } from "./channel-routes.ts";
import { isAuthorized, sendJson } from "./http.ts";
import { createProbedTurnSource } from "./probe-turns.ts";

export interface LoopbackOptions {
  turnSource: TurnSource;
  model: ModelUpstream;
  /** What the model's tools ask below `/skills`; nothing is there without it. */
  skills?: SkillHost;
  /** What is asked below `/telnyx`; nothing is there without it. */
  telnyx?: TelnyxRelay;
  /** Called once each time the breaker opens. */
  onOutOfMoney?: () => void;
  /** One line per event; never words of people, never a token. */
  log: (event: string, facts?: Readonly<Record<string, string | number | boolean>>) => void;
}

export interface LoopbackServer {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** The token that is valid now; 64 hex. */
  readonly token: string;
  readonly breaker: MoneyBreaker;
  meter(): MeterReading;
  /** Makes a new token and ends what the old one was used for. One token per start of the gateway. */
  renewToken(): string;
  /** Runs one turn that the proxy answers itself; rejects when it did not come back before `signal` aborts. */
  probe(nonce: string, signal: AbortSignal): Promise<void>;
  /** How long the turn that is out has been with the gateway of the present token; 0 when none is out. */
  turnOutMs(): number;
  /** Ends model access at once and for good. The channel goes on. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * The only thing the openclaw gateway can reach: its model below `/llm`, its conversation below `/channel`, what its
 * skills do below `/skills`, and the platform's broker below `/telnyx`.
 */
export async function createLoopbackServer(options: LoopbackOptions): Promise<LoopbackServer> {
  const breaker = createMoneyBreaker(() => {
    creditCheck.begin();
    options.onOutOfMoney?.();
  });
  const creditCheck = createCreditCheck(options.model, () => breaker);
  const proxy = createModelProxy({
    upstream: options.model,
    breaker,
    onToolCall: (name) => {
      options.skills?.noteCalled(name);
      if (readsForeignWords(name)) options.skills?.noteForeignWords();
      const isSafe = options.skills?.changesNothing(name) ?? changesNothing(name);
      if (!isSafe) options.turnSource.noteAction();
    },
    onUsage: (usage) => options.turnSource.noteUsage(usage),
  });
  const skills = options.skills && createSkillRoutes(options.skills);
  const turns = createProbedTurnSource(options.turnSource);
  const channel = createChannelRoutes(turns);
  const newToken = () => randomBytes(32).toString("hex");
  let token = newToken();

  async function route(request: IncomingMessage, response: ServerResponse) {
    if (!isAuthorized(request, token))
      return sendJson(response, 401, { error: { code: 401, message: "no" } });
    const path = new URL(request.url ?? "/", "http://loopback").pathname;
    if (path.startsWith("/llm/")) return proxy.handle(request, response, path.slice("/llm".length));
    if (path.startsWith("/channel/")) return channel.handle(request, response, path.slice("/channel".length));
    if (skills && (path === "/skills" || path.startsWith("/skills/")))
      return skills(request, response, path.slice("/skills".length));
    if (options.telnyx && path.startsWith("/telnyx/"))
      return options.telnyx(request, response, path.slice("/telnyx".length));
    sendJson(response, 404, { error: { code: 404, message: "not found" } });
  }

  const server = createServer((request, response) => {
    route(request, response).catch(() => {
      // What failed is the turn source or a client that went away; neither's words belong in a log.
      options.log("loopback-request-failed", { method: request.method ?? "" });
      if (response.headersSent || response.destroyed) response.destroy();
      else sendJson(response, 500, { error: { code: 500, message: "failed" } });
    });
  });
  server.requestTimeout = 60_000;
  server.maxConnections = 64;
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the loopback server has no port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    get token() {
      return token;
    },
    breaker,
    meter: () => proxy.meter.read(),
    renewToken() {
      token = newToken();
      channel.forgetGateway();
      return token;
    },
    turnOutMs: () => channel.turnOutMs(),
    async probe(nonce, signal) {
      proxy.setProbe(nonce);
      try {
        const result = await turns.probe(`Answer with one word. ${nonce}`, signal);
        if (!result.text?.includes(PROBE_ANSWER)) {
          throw new Error(`the probe turn failed: ${result.error ?? "unexpected text"}`);
        }
      } finally {
        proxy.setProbe(undefined);
      }
    },
    cut() {
      proxy.cut();
      creditCheck.end();
    },
    close: () =>
      new Promise((resolve) => {
        creditCheck.end();
        channel.forgetGateway();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
