import { readdirSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox } from "../kit/sandbox.ts";
import { createImagesSkill } from "./index.ts";
import { type ImageWorkspace, openImageWorkspace, plain } from "./testing.ts";

const DEMO = "tesseract.js/docs/images/demo.gif";
/** Ends the process, from any of its threads, as soon as it wants to reach anything. */
const NO_NETWORK = `data:text/javascript,${encodeURIComponent(`
  import net from "node:net";
  import dns from "node:dns";
  const end = () => process.kill(process.pid, "SIGKILL");
  net.Socket.prototype.connect = end;
  dns.lookup = end;
  globalThis.fetch = end;
`)}`;

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

test("reads a picture that comes with tesseract.js", async () => {
  workspace.putSample("demo.gif", DEMO);
  const { text, isForeign } = await workspace.use("image_text", { path: "demo.gif" });
  expect(text).toContain("Mild Splendour of the various-vested Night!");
  expect(text).toContain("Mother of wildly-working visions! hail!");
  expect(text).toMatch(/^Read with 9\d% confidence/);
  expect(isForeign).toBe(true);
});

test("reads a screenshot of light letters on dark ground", async () => {
  const diagrams = "@temporalio/core-bridge/sdk-core/arch_docs/diagrams";
  workspace.putSample("history.png", `${diagrams}/initial_event_history.png`);
  const { text } = await workspace.use("image_text", { path: "history.png" });
  for (const line of ["Workflow Execution Started", "Workflow Task Scheduled", "Workflow Task Completed"])
    expect(text).toContain(line);
});

test("reads one area only", async () => {
  workspace.putSample("demo.gif", DEMO);
  const { text } = await workspace.use("image_text", { path: "demo.gif", area: "0,0,50%,23%" });
  expect(text).toContain("Mild Splendour");
  expect(text).not.toContain("Thy placid lightning");
});

test("says so when there is no text", async () => {
  workspace.put("plain.png", await plain(300, 300, "#336699").png().toBuffer());
  expect((await workspace.use("image_text", { path: "plain.png" })).text).toContain("No text was found");
});

test("runs as another user where that is possible, and leaves nothing behind", async () => {
  workspace.putSample("demo.gif", DEMO);
  await chmod(dirname(workspace.dir), 0o755);
  const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
  const sandbox = createSandbox({
    uid: nobody,
    gid: nobody,
    dir: workspace.dir,
    tmpDir: dirname(workspace.dir),
  });
  const tool = createImagesSkill({ sandbox }).tools.find(({ name }) => name === "image_text");
  const result = await tool?.run({ path: "demo.gif" }, workspace.call());
  expect(result?.text).toContain("Mild Splendour");
  expect(readdirSync(workspace.dir)).toEqual(["demo.gif"]);
  expect(readdirSync(dirname(workspace.dir))).toEqual(["workspace"]);
});

test("reaches nothing over the network, not even for its data", async () => {
  workspace.putSample("demo.gif", DEMO);
  const program = fileURLToPath(new URL("./ocr-main.ts", import.meta.url));
  const input = Buffer.from(JSON.stringify({ path: "demo.gif" }));
  const signal = AbortSignal.timeout(60_000);
  const node = [process.execPath, "--import", NO_NETWORK];
  const output = await workspace.sandbox.exec([...node, program], { signal, input });
  expect(output.toString()).toContain("Mild Splendour");

  const reaching = `new (require("node:worker_threads").Worker)("fetch('http://127.0.0.1:9')", { eval: true })`;
  await expect(workspace.sandbox.exec([...node, "-e", reaching], { signal })).rejects.toThrow();
});
