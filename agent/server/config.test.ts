import { describe, expect, it } from "vitest";
import { AGENT_ENVIRONMENT } from "../../domain/agent-protocol.ts";
import { AgentEnvironment, parseConfig } from "./config.ts";
import { readSecrets } from "./secrets.ts";

const environment = {
  INSTANCE_ID: "abcdef012345",
  EPOCH: "2",
  GENERATION: "v1",
  STATE_DIR: "/data",
  GATEWAY_URL: "http://127.0.0.1:8080/",
  XMTP_ENV: "local",
  MODEL_BASE_URL: "https://openrouter.ai/api/v1",
  MODEL_ID: "vendor/model",
  PATH: "/usr/bin",
  HOME: "/root",
};

describe("the environment", () => {
  it("is read with its defaults", () => {
    expect(parseConfig(environment)).toEqual({
      instanceId: "abcdef012345",
      epoch: 2,
      generation: "v1",
      host: "127.0.0.1",
      port: 0,
      stateDir: "/data",
      stateVolumeRequired: false,
      standalone: false,
      gatewayUrl: "http://127.0.0.1:8080",
      xmtpEnv: "local",
      xmtpApiUrl: undefined,
      modelBaseUrl: "https://openrouter.ai/api/v1",
      modelId: "vendor/model",
      agentmailBaseUrl: "https://api.agentmail.to",
      bankrBaseUrl: "https://api.bankr.bot",
      searchModelId: "perplexity/sonar",
      transcriptionModelId: "openai/whisper-1",
      speechModelId: "openai/gpt-4o-mini-tts-2025-12-15",
      paymentMaxUsd: 50,
      paymentDayMaxUsd: 200,
      chromiumPath: undefined,
      visionModelId: undefined,
      fallbackModelIds: [],
      topUpUrl: undefined,
      judgeModelId: "vendor/model",
      defaultAgentName: "Agent",
      conversationOwner: "first-joiner",
      markdown: false,
      fileOrigins: [],
      gatewayUid: undefined,
    });
  });

  it.each([
    [{ INSTANCE_ID: undefined }, "INSTANCE_ID is missing"],
    [{ STATE_DIR: "" }, "STATE_DIR is missing"],
    [{ STATE_DIR: "relative" }, "STATE_DIR is invalid"],
    [{ STATE_VOLUME_REQUIRED: "1" }, "STATE_VOLUME_REQUIRED is invalid"],
    [{ EPOCH: "0" }, "EPOCH is invalid"],
    [{ EPOCH: "1.0" }, "EPOCH is invalid"],
    [{ GATEWAY_UID: "root" }, "GATEWAY_UID is invalid"],
    [{ PORT: "70000" }, "PORT is invalid"],
    [{ XMTP_ENV: "moon" }, "XMTP_ENV is invalid"],
    [{ GATEWAY_URL: "ftp://x" }, "GATEWAY_URL is invalid"],
    [{ GATEWAY_URL: undefined }, "GATEWAY_URL is missing"],
    [{ STANDALONE: "yes" }, "STANDALONE is invalid"],
    [{ STANDALONE: "on" }, "GATEWAY_URL is not for a standalone agent"],
    [
      { STANDALONE: "on", GATEWAY_URL: undefined, BOOTSTRAP_TOKEN: "t".repeat(43) },
      "BOOTSTRAP_TOKEN is not for a standalone agent",
    ],
    [{ MODEL_BASE_URL: "https://x/?key=1" }, "MODEL_BASE_URL is invalid"],
    [{ CONVERSATION_OWNER: "everyone" }, "CONVERSATION_OWNER is invalid"],
    [{ CONVOS_MARKDOWN: "yes" }, "CONVOS_MARKDOWN is invalid"],
    [{ CONVOS_MARKUP: "on" }, "CONVOS_MARKUP is unknown"],
    [{ XMTP_APIURL: "http://x" }, "XMTP_APIURL is unknown"],
    [{ GATEWAY_TOKEN: "very-secret" }, "GATEWAY_TOKEN is unknown"],
    [{ BOOTSTRAP_TOKEN: "very-secret" }, "BOOTSTRAP_TOKEN is invalid"],
    [{ BOOTSTRAP: "very-secret" }, "BOOTSTRAP is unknown"],
  ])("is refused with %j", (change, problem) => {
    const attempt = (): unknown => parseConfig({ ...environment, ...change });
    expect(attempt).toThrow(problem);
    expect(attempt).not.toThrow(/very-secret|moon|key=1/);
  });

  it("needs no platform where it is standalone", () => {
    const config = parseConfig({ ...environment, STANDALONE: "on", GATEWAY_URL: "" });
    expect(config).toMatchObject({ standalone: true, gatewayUrl: undefined });
  });

  it("is what the platform gives by the protocol, where to listen, a hosted start's token, standing alone", () => {
    expect(Object.keys(AgentEnvironment.properties).toSorted()).toEqual(
      [
        ...AGENT_ENVIRONMENT,
        "HOST",
        "BOOTSTRAP_TOKEN",
        "FILE_ORIGINS",
        "STANDALONE",
        "STATE_VOLUME_REQUIRED",
      ].toSorted(),
    );
  });

  it("names all problems at once", () => {
    expect(() => parseConfig({})).toThrow(/INSTANCE_ID is missing.*EPOCH is missing.*MODEL_ID is missing/);
  });
});

describe("the secrets", () => {
  const hex = "0123456789abcdef".repeat(4);
  const secrets = { instanceSecret: hex, modelKey: "sk-1", stateKey: hex };
  async function* chunks(...texts: string[]): AsyncGenerator<string> {
    yield* texts;
  }

  it("are one line of JSON, however it is cut", async () => {
    const line = JSON.stringify(secrets);
    expect(await readSecrets(chunks(line.slice(0, 30), `${line.slice(30)}\nsurplus`))).toEqual(secrets);
    expect(await readSecrets(chunks(line))).toEqual(secrets);
  });

  it.each([
    ["", "one line of JSON"],
    ["{nonsense", "one line of JSON"],
    [JSON.stringify({ ...secrets, extra: 1 }), "exactly instanceSecret"],
    [JSON.stringify({ ...secrets, stateKey: "secret-value" }), "exactly instanceSecret"],
    ["x".repeat(10_000), "too long"],
  ])("are refused when malformed, without being quoted", async (line, problem) => {
    const error: unknown = await readSecrets(chunks(line)).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(problem);
    expect(String(error)).not.toMatch(/nonsense|secret-value|xxx/);
  });

  it("are not waited for for ever", async () => {
    const { promise } = Promise.withResolvers<never>();
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => promise }) };
    await expect(readSecrets(silent, 20)).rejects.toThrow("no secrets came");
  });
});
