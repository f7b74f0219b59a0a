import { constants, type Stats } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type GatewayUser, writeOwnedFile } from "../../server/gateway/owned-files.ts";
import { fsyncPath } from "../../server/state/durable-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { readSnapshot, type Snapshot, writeSnapshot } from "./snapshot.ts";
import { readTemplate, TEMPLATE_LIMITS, type TemplateFile } from "./template.ts";
import { type Action, decide } from "./three-way.ts";

const FILE_MODE = 0o600;

export interface ApplyInput {
  templateDir: string;
  /** Files of the template that are not for this: whoever names them writes them. */
  except?: readonly string[];
  /** The agent's folder. Nothing may run there meanwhile. */
  workspaceDir: string;
  /** A folder on the same disk which only we may write; new files are made there. */
  stagingDir: string;
  /** Where we note what we put into the workspace; also where only we may write. */
  snapshotFile: string;
  /** Who owns the files; ourselves when absent. */
  owner?: GatewayUser | undefined;
}

interface Step {
  name: string;
  action: Action;
  /** What we may have put there before. */
  base: readonly string[];
  /** Whether a regular file is there now. */
  isFile: boolean;
  next: TemplateFile | undefined;
}

/**
 * Brings a workspace up to the template without overwriting what the agent changed. A crash at any point is mended by
 * the next run, also by one with a newer template: what is about to be written is noted before and after. Whatever is
 * in a file's place without being a file (a link, a folder) is taken away, never followed. Resolves to what became of
 * each file.
 */
export async function applyWorkspace(input: ApplyInput): Promise<ReadonlyMap<string, Action>> {
  const template = await readTemplate(input.templateDir, input.except ?? []);
  const snapshot = readSnapshot(input.snapshotFile);
  const steps: Step[] = [];
  for (const name of new Set([...template.keys(), ...snapshot.keys()])) {
    steps.push(await planStep(input, name, snapshot.get(name) ?? [], template.get(name)));
  }
  const changes = steps.filter(({ action }) => action === "write" || action === "remove");
  if (changes.length > 0) {
    writeSnapshot(
      input.snapshotFile,
      noteOf(steps, ({ base, next }) => merge(base, next)),
    );
    for (const step of changes) await takeStep(input, step);
    fsyncPath(input.workspaceDir);
  }
  const settled = noteOf(
    steps.filter(({ next }) => next !== undefined),
    ({ next }) => merge([], next),
  );
  if (changes.length > 0 || !isSame(settled, snapshot)) writeSnapshot(input.snapshotFile, settled);
  return new Map(steps.map(({ name, action }) => [name, action]));
}

async function planStep(
  { workspaceDir, owner }: ApplyInput,
  name: string,
  base: readonly string[],
  next: TemplateFile | undefined,
): Promise<Step> {
  const own = await inspectFile(join(workspaceDir, name), TEMPLATE_LIMITS.maxFileBytes);
  const action = decide({ base, own: own?.hash, next: next?.hash });
  // Written anew rather than handed over in place: the agent may have linked a file of ours there under this name.
  const isForeign = own !== undefined && own.hash === next?.hash && !isOwned(own.facts, owner);
  return { name, action: isForeign ? "write" : action, base, isFile: own !== undefined, next };
}

const isOwned = ({ mode, uid, gid }: Stats, owner: GatewayUser | undefined): boolean =>
  (mode & 0o777) === FILE_MODE && (!owner || (uid === owner.uid && gid === owner.gid));

async function takeStep({ workspaceDir, stagingDir, owner }: ApplyInput, step: Step): Promise<void> {
  const target = join(workspaceDir, step.name);
  if (step.action === "remove" || !step.isFile) await rm(target, { force: true, recursive: true });
  if (!step.next) return;
  await writeOwnedFile(target, step.next.content, { stagingDir, mode: FILE_MODE, owner });
  await using file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  await file.sync();
}

const merge = (base: readonly string[], next: TemplateFile | undefined): readonly string[] =>
  next ? [...base.filter((hash) => hash !== next.hash), next.hash] : base;

const noteOf = (steps: readonly Step[], hashesOf: (step: Step) => readonly string[]): Snapshot =>
  new Map(steps.map((step) => [step.name, hashesOf(step)]));

const isSame = (one: Snapshot, other: Snapshot): boolean =>
  one.size === other.size &&
  [...one].every(([name, hashes]) => hashes.join() === (other.get(name) ?? []).join());
