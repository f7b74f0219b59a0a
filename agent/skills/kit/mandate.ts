/**
 * What the people of the conversation have asked for, as the server knows it from their messages. The model has no part
 * in it: words that came from a page, a file or a mail can make a model call a tool, but not give it a mandate.
 */
export interface Mandate {
  /** Throws ToolError unless a person of the conversation began this turn, or set up the schedule that did. */
  requirePerson(): void;
  /**
   * Throws ToolError unless `requirePerson` holds and a person has written each of these addresses in the conversation:
   * mail addresses, phone numbers, wallet addresses, in any usual notation.
   */
  requireNamed(addresses: readonly string[]): void;
  /**
   * Throws ToolError unless `requirePerson` holds and nothing foreign has been read in this turn. For answering somebody who
   * wrote first and whose address no person has written.
   */
  requireUntainted(): void;
}
