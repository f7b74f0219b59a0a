/** The invariants that the audit reads off Postgres, Temporal and the providers' inventories. */
export const AUDITED_INVARIANTS = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I9",
  "I10",
  "I12",
] as const;
export type AuditedInvariant = (typeof AUDITED_INVARIANTS)[number];

/** One breach. `subject` is an id, `detail` says what is wrong in words without any secret or text of a person. */
export interface Violation {
  invariant: AuditedInvariant;
  subject: string;
  detail: string;
}
