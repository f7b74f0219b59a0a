/** Why a tool did not do what it was asked to. The message is one or two sentences for the model: what is wrong, what to do. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}
