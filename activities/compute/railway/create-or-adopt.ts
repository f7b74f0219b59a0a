import { PlatformError } from "../../../domain/errors.ts";
import { NotFoundError } from "../../railway/classify.ts";

/** After these the thing may be there: made by the call that failed, or before it. */
const UNCERTAIN = new Set(["ambiguous", "conflict"]);

/**
 * Makes something. When it is not certain what became of the call it looks at once, and again when reads must show
 * it; only if it is in neither look, this fails as `transient` and the next attempt may create.
 */
export async function createOrAdopt<T>(
  what: string,
  create: () => Promise<T>,
  look: () => Promise<T | undefined>,
  settle: () => Promise<void>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof PlatformError) || !UNCERTAIN.has(error.code)) throw error;
  }
  const atOnce = await lookOrNothing(look);
  if (atOnce !== undefined) return atOnce;
  await settle();
  const later = await lookOrNothing(look);
  if (later !== undefined) return later;
  throw new PlatformError("transient", { detail: `the ${what} was not made` });
}

/** What surrounds it may be too new to be read; that proves nothing either way. */
async function lookOrNothing<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
