import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { aMandate } from "../kit/testing.ts";
import { openTestMailbox } from "./testing/mailbox.ts";

const run = promisify(execFile);
const folder = new URL("../../openclaw/workspace/skills/agentmail/", import.meta.url);
const Use = Type.Object({ params: Type.Object({}) });

it("has scripts that use the tools and ask nobody", async () => {
  const box = await openTestMailbox();
  const server = createServer(async (request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    if (request.method === "GET") return response.end(JSON.stringify({ state: "ready", detail: "As told." }));
    const { params } = Value.Parse(Use, JSON.parse(await text(request)));
    // Nobody has asked: what needs a person's word would be refused.
    const said = await box.use(name, params, { mandate: aMandate({ hasPerson: false }) });
    return response.end(`${JSON.stringify({ text: said })}\n`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const env = {
    ...process.env,
    CONVOS_SKILLS_URL: `http://127.0.0.1:${address.port}/skills`,
    CONVOS_LOOPBACK_TOKEN: "token",
  };
  const id = await box.receive({ subject: "Hello" });
  const said = async (script: string): Promise<string> =>
    (await run(new URL(script, folder).pathname, [], { env, timeout: 20_000 })).stdout;
  expect(await said("setup")).toBe("agentmail: ready. As told.\n");
  expect(await said("test")).toContain(id);
  expect(await said("scripts/unread")).toContain(id);
  expect(await said("scripts/events")).toContain("You have invited to no event.");
  await new Promise((resolve) => server.close(resolve));
  await box.close();
});
