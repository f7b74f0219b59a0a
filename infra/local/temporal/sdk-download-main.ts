import { TestWorkflowEnvironment } from "@temporalio/testing";
import { DefaultLogger, Runtime } from "@temporalio/worker";

/** `sdk-download-main.ts FOLDER`: downloads the dev server into the folder and starts it once to see that it runs. */
const MAX_REASON = 150;
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: sdk-download-main.ts FOLDER");

Runtime.install({ logger: new DefaultLogger("ERROR") });
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: "cached-download", downloadDir: folder, ttl: "365 days" } },
  });
  await environment.teardown();
} catch (error) {
  // One line: it becomes the reason why this source was not taken.
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text.replaceAll(/\s+/g, " ").slice(0, MAX_REASON)}\n`);
  process.exitCode = 1;
}
