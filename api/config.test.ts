import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { ConfigError } from "../infra/config/environment.ts";
import { digest } from "./auth.ts";
import { parseConfig } from "./config.ts";

const SECRET = "never-shown-in-errors";
const MINIMAL = {
  DATABASE_URL: "postgresql://user:pass@127.0.0.1:5432/db",
  API_KEY: "0123456789abcdef",
  MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
};

const pkcs8 = (type: "ed25519" | "x25519"): string => {
  const { privateKey } = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519");
  return privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
};

test("what has a default may be left out", () => {
  expect(parseConfig(MINIMAL)).toEqual({
    databaseUrl: MINIMAL.DATABASE_URL,
    temporalAddress: "127.0.0.1:7233",
    temporalNamespace: "default",
    temporalUiUrl: undefined,
    host: "127.0.0.1",
    port: 8080,
    publicUrl: undefined,
    callers: { admin: [digest(MINIMAL.API_KEY)], claim: [] },
    keys: { master: Buffer.alloc(32, 7), previous: [], digest: Buffer.alloc(32, 7) },
    codec: "off",
    receiptKey: undefined,
    attestationKeys: [],
    webhooks: { telnyx: undefined, agentmail: undefined, railway: undefined },
    broker: expect.any(Object),
    budgets: {},
    environment: "local",
    resourcePrefix: "cv",
    pool: "default",
    xmtpNetwork: "local",
  });
});

test("variables of others and the command line's are left alone", () => {
  const config = parseConfig({
    ...MINIMAL,
    PATH: "/bin",
    MODEL_ID: "m",
    API_URL: "http://x",
    TEMPORAL_UI_URL: "",
  });
  expect(config.temporalUiUrl).toBeUndefined();
});

test("all that is wrong is named at once, no value is quoted", () => {
  const parse = () =>
    parseConfig({
      DATABASE_URL: SECRET,
      API_KEY: "short",
      API_PORT: "70000",
      API_HOTS: SECRET,
      RECEIPT_KEY: pkcs8("x25519"),
      XMTP_ENV: SECRET,
      POOL: "Not A Pool",
    });
  expect(parse).toThrow(ConfigError);
  const problems = [
    ...["API_HOTS is unknown", "DATABASE_URL is invalid", "MASTER_KEY is missing", "POOL is invalid"],
    ...["API_PORT is invalid", "API_KEY is invalid", "RECEIPT_KEY is invalid", "XMTP_ENV is invalid"],
  ];
  expect(parse).toThrow(`the configuration of the gateway is not usable`);
  expect(parse).toThrow(problems.map((problem) => `  ${problem}\n`).join(""));
  expect(parse).not.toThrow(SECRET);
});

test("a receipt key has to be an Ed25519 private key", () => {
  expect(parseConfig({ ...MINIMAL, RECEIPT_KEY: pkcs8("ed25519") }).receiptKey?.asymmetricKeyType).toBe(
    "ed25519",
  );
  expect(() => parseConfig({ ...MINIMAL, RECEIPT_KEY: "AAAA" })).toThrow("RECEIPT_KEY is invalid");
});

test("several keys of a scope are valid at once, given by their hashes", () => {
  const { API_KEY: _, ...without } = MINIMAL;
  const hash = (key: string): string => digest(key).toString("hex");
  const config = parseConfig({
    ...without,
    ADMIN_KEYS: `${hash("one")},${hash("two")}`,
    CLAIM_KEYS: hash("three"),
  });
  expect(config.callers).toEqual({ admin: [digest("one"), digest("two")], claim: [digest("three")] });
  expect(() => parseConfig(without)).toThrow("API_KEY or ADMIN_KEYS is missing");
  expect(() => parseConfig({ ...MINIMAL, CLAIM_KEYS: "a-key-as-it-is" })).toThrow("CLAIM_KEYS is invalid");
});

test("a master key is rotated only with the key of the digests beside it", () => {
  const [former, digestKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const rotation = { ...MINIMAL, MASTER_KEY_PREVIOUS: former.toString("base64") };
  expect(() => parseConfig(rotation)).toThrow("DIGEST_KEY is missing: MASTER_KEY_PREVIOUS needs it");
  expect(parseConfig({ ...rotation, DIGEST_KEY: digestKey.toString("base64") }).keys).toEqual({
    master: Buffer.alloc(32, 7),
    previous: [former],
    digest: digestKey,
  });
});
