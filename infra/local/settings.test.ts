import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError } from "../config/environment.ts";
import { readSettings, xmtpNetwork } from "./settings.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "convos-settings-"));
});
afterEach(() => rm(root, { recursive: true }));

test("the environment goes over the file, and what is empty counts as not set", async () => {
  await writeFile(join(root, ".env"), "MODEL_ID=of-the-file\nXMTP_ENV=dev\nPOSTGRES_PORT=\nPOOL_SURGE=3\n");
  const settings = await readSettings(root, { MODEL_ID: "of-the-shell", HOME: "/root", DATABASE_URL: "" });
  expect(settings).toEqual({ MODEL_ID: "of-the-shell", XMTP_ENV: "dev", POOL_SURGE: "3", HOME: "/root" });
  expect(xmtpNetwork(settings)).toBe("dev");
});

test("there need not be a file", async () => {
  expect(await readSettings(root, {})).toEqual({});
});

test("a name in the file that nothing reads is refused, without its value", async () => {
  await writeFile(join(root, ".env"), "OPENROUTER_MANAGMENT_KEY=SECRET\nMODEL_ID=m\n");
  const reading = readSettings(root, { UNKNOWN_TO_US: "but the shell's" });
  await expect(reading).rejects.toBeInstanceOf(ConfigError);
  await expect(reading).rejects.toThrow("the configuration of .env is not usable");
  await expect(reading).rejects.toThrow("  OPENROUTER_MANAGMENT_KEY is unknown\n");
  await expect(reading).rejects.not.toThrow("SECRET");
});
