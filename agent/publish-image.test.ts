import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const REPOSITORY = "registry.example/team/agent";
const DIGEST = `sha256:${"a1".repeat(32)}`;
const OTHER = `sha256:${"b2".repeat(32)}`;

let folder: string;
let repository: string;

/** A registry of two tags, in the place of docker: there is none where tests run. */
const DOCKER = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  *"imagetools inspect ${REPOSITORY}:production"*) cat "$CALLS.production" ;;
  *"imagetools inspect"*) echo "$STAGING" ;;
  *"imagetools create --tag ${REPOSITORY}:production"*) echo "$STAGING" > "$CALLS.production" ;;
esac
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "publish-image-"));
  repository = join(folder, "repository");
  await mkdir(join(repository, "agent"), { recursive: true });
  await cp(join(import.meta.dirname, "publish-image.sh"), join(repository, "agent", "publish-image.sh"));
  await writeFile(join(folder, "docker"), DOCKER);
  await chmod(join(folder, "docker"), 0o755);
  const git = (...args: string[]) =>
    promisify(execFile)("git", [
      "-C",
      repository,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.org",
      ...args,
    ]);
  await git("init", "--quiet");
  await git("add", ".");
  await git("commit", "--quiet", "--message", "one");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}
const publish = (args: readonly string[], staging = DIGEST): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: `${folder}:${process.env.PATH}`, CALLS: join(folder, "calls"), STAGING: staging };
    execFile(join(repository, "agent", "publish-image.sh"), args, { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
const calls = (): Promise<string> => readFile(join(folder, "calls"), "utf8");

test("staging is built from what is committed, and named by its digest", async () => {
  const { code, stdout, stderr } = await publish(["staging", REPOSITORY]);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(`AGENT_IMAGE=${REPOSITORY}@${DIGEST}\n`);
  const [build, , move] = (await calls()).split("\n");
  expect(build).toMatch(
    new RegExp(`^buildx build --file agent/Dockerfile .*--push .*--tag ${REPOSITORY}:[0-9a-f]{40} \\.$`),
  );
  expect(move).toBe(`buildx imagetools create --tag ${REPOSITORY}:staging ${REPOSITORY}@${DIGEST}`);
  await writeFile(join(repository, "uncommitted"), "");
  expect(await publish(["staging", REPOSITORY])).toMatchObject({ code: 1, stdout: "" });
});

test("production gets what staging has, by the same digest, and nothing is built for it", async () => {
  const { code, stdout, stderr } = await publish(["production", `${REPOSITORY}@${DIGEST}`]);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe(`AGENT_IMAGE=${REPOSITORY}@${DIGEST}\n`);
  expect(await calls()).not.toContain("buildx build");
  expect(await calls()).toContain(`--tag ${REPOSITORY}:production ${REPOSITORY}@${DIGEST}`);
});

test("what is not on staging is not promoted", async () => {
  const { code, stdout, stderr } = await publish(["production", `${REPOSITORY}@${DIGEST}`], OTHER);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("only that is promoted");
  expect(await calls()).not.toContain("create");
});

test.each([
  [[]],
  [["production", REPOSITORY]],
  [["production", `${REPOSITORY}:staging`]],
  [["production", `${REPOSITORY}@sha256:abc`]],
  [["staging", `${REPOSITORY}:latest;id`]],
  [["elsewhere", REPOSITORY]],
])("%j is refused before docker is asked", async (args) => {
  const { code, stderr } = await publish(args);
  expect(code).toBe(2);
  expect(stderr).toContain("usage: ");
  await expect(calls()).rejects.toThrow("ENOENT");
});
