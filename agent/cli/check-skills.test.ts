import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SKILL_NAMES } from "../skills/kit/skill.ts";
import { skillsBySettings } from "./check-skills.ts";
import { eventsOf, runCli } from "./testing/run-cli.ts";

describe("without a running agent", () => {
  const found = (settings: Record<string, string>) =>
    Object.fromEntries(
      skillsBySettings(settings).map(({ part, state, detail }) => [part, `${state}: ${detail}`]),
    );

  it("names every skill, and what each is off for", () => {
    const none = found({ STANDALONE: "on" });
    expect(Object.keys(none)).toEqual([...SKILL_NAMES]);
    expect(none).toMatchObject({
      "web-search": expect.stringMatching(/^off: MODEL_KEY is missing; key-provision/),
      voice: expect.stringMatching(/^off: MODEL_KEY/),
      agentmail: expect.stringMatching(/^off: AGENTMAIL_INBOX_KEY is missing/),
      bankr: expect.stringMatching(/^off: BANKR_API_KEY is missing/),
      "telnyx-cli": expect.stringMatching(/^off: text messages go through the platform/),
      browsing: expect.stringMatching(/^ok: /),
      files: expect.stringMatching(/^ok: /),
    });
  });

  it("says nothing of what the keys are", () => {
    const keys = { MODEL_KEY: "sk-secret", AGENTMAIL_INBOX_KEY: "am-secret", BANKR_API_KEY: "bk-secret" };
    const all = found(keys);
    expect(Object.values(all).every((said) => said.startsWith("ok: "))).toBe(true);
    expect(JSON.stringify(all)).not.toContain("secret");
  });
});

describe("of a running agent", () => {
  let server: Server;
  let url: string;
  let answer: string;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "check-skills-"));
    server = createServer((_, response) => void response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    url = `http://127.0.0.1:${address.port}/`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  const check = () => runCli(["check", "--agent", url, "--json", "--env", join(folder, ".env")]);

  it("tells what each says of itself, and nothing else; fails when one does", async () => {
    const skills = [
      { name: "files", state: "ready", detail: "It works." },
      { name: "bankr", state: "off", detail: "There is no wallet." },
    ];
    answer = JSON.stringify({ skills });
    const fine = await check();
    expect(fine.code).toBe(0);
    expect(eventsOf(fine)).toEqual([
      { event: "check", part: "files", state: "ok", detail: "It works." },
      { event: "check", part: "bankr", state: "off", detail: "There is no wallet." },
    ]);
    answer = JSON.stringify({ skills: [...skills, { name: "voice", state: "failing", detail: "Silence." }] });
    const failing = await check();
    expect(failing.code).toBe(1);
    expect(eventsOf(failing).at(-1)).toMatchObject({ part: "voice", state: "broken" });
  });

  it.each(["nothing", "{}", '{"skills":[{"name":"x","state":"fine","detail":""}]}'])(
    "does not take %s for an agent",
    async (body) => {
      answer = body;
      const { code, stdout, stderr } = await check();
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(/no agent/);
    },
  );
});
