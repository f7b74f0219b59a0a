import type { Violation } from "../domain/audit.ts";
import { auditing } from "./activities.ts";

/** Looks for breaches of the invariants and answers them; repairs nothing. */
export async function audit(): Promise<Violation[]> {
  return auditing.audit();
}
