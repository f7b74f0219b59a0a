import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { agentUsers } from "./agent-users.ts";

const isRoot = process.getuid?.() === 0;

describe("agentUsers", () => {
  let folder = "";
  let state = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "convos-users-"));
    state = join(folder, "state");
    await mkdir(state, { mode: 0o711 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("says why agents get no users of their own below a private folder, or without root", async () => {
    const found = await agentUsers(tmpdir(), state);
    const why = isRoot ? `other users cannot enter ${folder}` : "not started as root";
    expect(found).toEqual({
      uidBase: undefined,
      reason: `${why}, so agents run without a shell and host files`,
    });
  });

  it("gives root a range that is the same at every start", async () => {
    await chmod(folder, 0o711);
    const { uidBase } = await agentUsers(tmpdir(), state);
    expect(uidBase === undefined).toBe(!isRoot);
    if (uidBase !== undefined) {
      expect(uidBase % 1_000).toBe(0);
      expect(uidBase).toBeGreaterThanOrEqual(20_000);
      expect(uidBase).toBeLessThan(60_000);
    }
    expect((await agentUsers(tmpdir(), state)).uidBase).toBe(uidBase);
  });
});
