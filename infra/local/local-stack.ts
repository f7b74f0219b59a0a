import { join } from "node:path";
import { agentUsers } from "./agent-users.ts";
import { banner } from "./banner.ts";
import type { LocalOptions } from "./options.ts";
import type { Program } from "./programs.ts";
import { createProgress, type Progress } from "./progress.ts";
import { openRunRecord } from "./run-record.ts";
import { CREDENTIALS_FILE, keepSecrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";
import { startStack } from "./stack.ts";
import { endAgents, openStateDir, type StateDir } from "./state-dir.ts";
import { createSupervisor, type Supervisor, type SupervisorEvent } from "./supervisor.ts";

const EXIT_FAILED = 1;
/** A terminal, npm and the bootstrap may each deliver the same Ctrl-C; within this time they count as one. */
const SAME_SIGNAL_MS = 500;

/** Runs the stack until a signal, the loss of its parent or a part given up; stops all of it; returns the exit code. */
export async function runLocalStack(
  options: LocalOptions,
  root: string,
  programs: readonly Program[],
): Promise<number> {
  // With --json, standard output is one line for a program to read.
  const progress = createProgress(options.json ? process.stderr : process.stdout);
  const { signal, requested, ignoreFurther } = stopRequests(progress);
  const settings = await readSettings(root, process.env);
  const state = await openStateDir(options.stateDir, { fresh: options.fresh, note: progress.note });
  const supervisor = createSupervisor({
    record: openRunRecord(state.runRecord),
    report: (event) => progress.note(describeEvent(event, state)),
  });
  const outcome = run(options, programs, { root, settings, state, supervisor, progress, signal });
  // After a request to stop, the start that was under way fails because of it: nothing to tell.
  outcome.catch(() => undefined);
  try {
    const failed = await Promise.race([requested, outcome]);
    return failed ?? 0;
  } finally {
    progress.note("stopping");
    await supervisor.stop();
    await endAgents(state.agents);
    await state.release();
    ignoreFurther();
  }
}

/** Resolves to an exit code only when a part was given up. */
async function run(
  options: LocalOptions,
  programs: readonly Program[],
  parts: {
    readonly root: string;
    readonly settings: Awaited<ReturnType<typeof readSettings>>;
    readonly state: StateDir;
    readonly supervisor: Supervisor;
    readonly progress: Progress;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { root, settings, state, supervisor, progress, signal } = parts;
  const users = await agentUsers(root, state.path);
  if (users.uidBase === undefined) progress.note(users.reason);
  const secrets = await keepSecrets(state.path);
  const context = {
    ...{ root, options, settings, state, secrets, supervisor, signal },
    agentUidBase: users.uidBase,
    note: progress.note,
  };
  const stack = await startStack(context, progress, programs);
  const credentialsFile = join(state.path, CREDENTIALS_FILE);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ready: true, ...stack, credentialsFile })}\n`
      : banner(stack, credentialsFile),
  );
  await supervisor.gaveUp;
  return EXIT_FAILED;
}

/**
 * The first request to stop is served in order. A second one ends this process at once; the guardians of the parts
 * then see to the rest.
 */
function stopRequests(progress: Progress): {
  signal: AbortSignal;
  requested: Promise<undefined>;
  ignoreFurther(): void;
} {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let firstAt: number | undefined;
  const request = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      controller.abort(new Error("the stack is stopping"));
      resolve(undefined);
    } else if (Date.now() - firstAt > SAME_SIGNAL_MS) {
      progress.note("stopping at once");
      process.exit(EXIT_FAILED);
    }
  };
  // The bootstrap holds an IPC channel open, so its death, by whatever signal, is noticed.
  const events = ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const;
  for (const event of events) process.on(event, request);
  const ignoreFurther = () => {
    for (const event of events) process.off(event, request);
  };
  return { signal: controller.signal, requested: promise, ignoreFurther };
}

function describeEvent(event: SupervisorEvent, state: StateDir): string {
  const log = state.log(event.part);
  switch (event.kind) {
    case "died":
      return `${event.part} ended unexpectedly and is started again in ${event.restartInMs} ms (see ${log})`;
    case "restarted":
      return `${event.part} runs again (restart ${event.attempt})`;
    case "gave-up":
      return `${event.part} keeps ending and is given up (see ${log}); its last words:\n${event.reason}`;
  }
}
