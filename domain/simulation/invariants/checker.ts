import type { AuditedInvariant } from "../../audit.ts";
import type { World } from "../world.ts";
import { checkBindings } from "./bindings.ts";
import { checkClaims } from "./claims.ts";
import { checkEnds } from "./ends.ts";
import { checkLedger } from "./ledger.ts";
import { checkPlans } from "./plans.ts";
import { checkSharing } from "./sharing.ts";

/** What has to be remembered from one look to the next. */
export class Memory {
  /** Instances that were there at the last look. */
  readonly known = new Set<string>();
  /** The claim that each instance has, or had. */
  readonly claimOf = new Map<string, string>();
  /** Why each doomed instance ends. */
  readonly reasonOf = new Map<string, string>();
  /** Since when nobody is in charge of a claim. */
  readonly unattendedMs = new Map<string, number>();
}

export type Report = (invariant: AuditedInvariant, subject: string, detail: string) => void;
export type Check = (world: World, memory: Memory, report: Report) => void;

export interface Found {
  invariant: AuditedInvariant;
  text: string;
}

const CHECKS: readonly Check[] = [
  checkBindings,
  checkPlans,
  checkLedger,
  checkClaims,
  checkEnds,
  checkSharing,
];

/** Looks at everything after each event, knowing nothing of who did what. */
export class Checker {
  readonly #memory = new Memory();

  /** The first breach that is found. */
  look(world: World): Found | undefined {
    let found: Found | undefined;
    for (const check of CHECKS) {
      check(world, this.#memory, (invariant, subject, detail) => {
        found ??= { invariant, text: `${invariant}: ${subject}: ${detail}` };
      });
    }
    return found;
  }
}
