import { ToolError } from "./tool-error.ts";

/** The model provider refuses for lack of money: nothing more is asked of it until it has been topped up. */
export class OutOfCreditError extends ToolError {
  constructor() {
    super(
      "The agent's credits are used up, so this is not possible now. The people are told how to top them up.",
    );
  }
}
