import { ToolError } from "../kit/tool-error.ts";

/** The agent's key has no money left. Until it has, nothing more is asked of the provider. */
export class OutOfCredit extends ToolError {
  constructor() {
    super("The agent has used up its credit, so this is not possible until it is topped up.");
  }
}
