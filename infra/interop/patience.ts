import { eventually } from "../testing/eventually.ts";

/** How long these tests wait: a machine that runs them may be five times slower than a developer's. */

/** For one test: several commands and waits, of which each fails first. */
export const TEST_TIMEOUT_MS = 180_000;
/** For one command of the client, a process of its own. */
export const COMMAND_TIMEOUT_MS = 60_000;
/** For anything that others do. */
export const WAIT_MS = 60_000;
/** For being let in, whole seconds; less than the command that waits may take. */
export const JOIN_WAIT_S = 40;

/** Looks until `look` returns something other than undefined and false; throws with `what` after `WAIT_MS`. */
export const patiently = <T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> => eventually(what, look, WAIT_MS);
