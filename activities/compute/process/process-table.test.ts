import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { processTable, psTable } from "./process-table.ts";

test.each([
  ["this system's", processTable],
  ["ps", psTable],
])("%s table knows a process by pid and start time until it ends", async (_title, table) => {
  // A command that looks like the fields after it.
  const child = spawn("/bin/sleep", ["1000"], { argv0: "a) Z 1 2", detached: true, stdio: "ignore" });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const entry = await table.find(pid);
  expect(entry).toMatchObject({ pid, group: pid, startTicks: expect.stringMatching(/^\d+$/) });
  expect((await table.all()).map((each) => each.pid)).toEqual(expect.arrayContaining([pid, process.pid]));
  expect(await table.ofUser(process.getuid?.() ?? 0)).toContain(pid);
  expect(await table.ofUser(199_999)).toEqual([]);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await table.find(pid)).toBeUndefined();
});

test("a later process has a later start time", async () => {
  const own = Number((await processTable.find(process.pid))?.startTicks);
  const child = spawn("/bin/sleep", ["1000"], { stdio: "ignore" });
  await once(child, "spawn");
  expect(Number((await processTable.find(child.pid ?? 0))?.startTicks)).toBeGreaterThan(own);
  child.kill("SIGKILL");
  await once(child, "exit");
});
