/** The activities of the example in `docs/guides/changing-workflows.md`. */
export interface Steps {
  checkBudget(): Promise<void>;
  makeMailbox(): Promise<void>;
}
