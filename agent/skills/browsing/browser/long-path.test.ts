import { chmod, chown, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openTestWorkspace } from "../../kit/testing.ts";
import { createBrowsingSkill } from "../index.ts";

/** Of nobody else on this machine. */
const UID = 48_765;

it("starts in a folder whose path is longer than that of a socket may be, and leaves nothing there", async () => {
  const root = await mkdtemp(join(tmpdir(), "browsing-"));
  const tmpDir = join(root, "x".repeat(120));
  await mkdir(tmpDir);
  const workspace = openTestWorkspace();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(tmpDir, UID, UID);
  await chmod(root, 0o711);
  const skill = createBrowsingSkill({ tmpDir, ...(isRoot && { uid: UID, gid: UID }) });
  try {
    const [browse] = skill.tools;
    expect(await browse?.run({ steps: [{ do: "tabs" }] }, workspace.call())).toMatchObject({
      text: expect.stringContaining("none are open"),
    });
  } finally {
    await skill.close?.();
    await workspace.close();
  }
  expect(await readdir(tmpDir)).toEqual([]);
  await rm(root, { recursive: true });
});
