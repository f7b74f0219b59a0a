import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AgentEnvironment } from "../../agent/server/config.ts";
import { GatewayEnvironment } from "../../api/config.ts";
import { WorkerEnvironment } from "../../workers/config.ts";
import { ComposeSettings, LiveSettings, LocalSettings, SETTING_NAMES } from "../local/settings-schema.ts";
import { configurationDocument } from "./configuration-document.ts";
import { errorsDocument } from "./errors-document.ts";

const read = (path: string) => readFile(join(import.meta.dirname, "../..", path), "utf8");
const namesIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]));

test("docs/reference/errors.md is the catalogue of errors", async () => {
  await expect(errorsDocument()).toMatchFileSnapshot("../../docs/reference/errors.md");
});

test("docs/reference/configuration.md is what the programs' schemas say", async () => {
  await expect(configurationDocument()).toMatchFileSnapshot("../../docs/reference/configuration.md");
});

test.each([
  LocalSettings,
  LiveSettings,
  ComposeSettings,
  GatewayEnvironment,
  WorkerEnvironment,
  AgentEnvironment,
])("every variable says what it is", ({ properties }) => {
  for (const [name, property] of Object.entries(properties))
    expect("description" in property && property.description, name).toMatch(/\.$/);
});

test("what .env.example and the Compose file name may stand in .env", async () => {
  const example = namesIn(await read(".env.example"), /^#?([A-Z_]+)=/gm);
  const compose = namesIn(await read("docker-compose.temporal.yml"), /\$\{([A-Z_]+)/g);
  expect(example.length).toBeGreaterThan(4);
  expect(compose.length).toBeGreaterThan(10);
  expect([...example, ...compose].filter((name) => !SETTING_NAMES.has(name))).toEqual([]);
  const unused = Object.keys(ComposeSettings.properties).filter((name) => !compose.includes(name));
  expect(unused).toEqual([]);
});
