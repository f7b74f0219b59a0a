import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeInstallation } from "./complete-installation.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "installation-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A package whose start runs `code`, in a folder that says it is incomplete. */
async function aPackage(code: string): Promise<string> {
  const entry = join(dir, "openclaw.mjs");
  await writeFile(entry, `import { rmSync, writeFileSync } from "node:fs";\n${code}`);
  await writeFile(join(dir, ".openclaw-lifecycle-pending"), "pending\n");
  return entry;
}

const RAN = `writeFileSync(new URL("ran", import.meta.url), JSON.stringify(process.env));`;
const DONE = `rmSync(new URL(".openclaw-lifecycle-pending", import.meta.url));`;

describe("an openclaw that was installed without install scripts", () => {
  it("is completed once, by a start that gets nothing of our environment", async () => {
    process.env.MODEL_KEY_OF_THE_SERVER = "a-secret-of-the-server";
    const entry = await aPackage(RAN + DONE);
    await completeInstallation(entry);
    expect(await readFile(join(dir, "ran"), "utf8")).not.toContain("a-secret-of-the-server");
    await rm(join(dir, "ran"));
    await completeInstallation(entry);
    await expect(readFile(join(dir, "ran"))).rejects.toThrow("ENOENT");
  });

  it("says so when it cannot be completed", async () => {
    await expect(completeInstallation(await aPackage(RAN))).rejects.toThrow("not completely installed");
  });
});
