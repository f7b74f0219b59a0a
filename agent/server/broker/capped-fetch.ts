import { readCapped } from "../capped-body.ts";

export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";
}

/**
 * A fetch for clients of providers: it goes nowhere but where it is told to, and throws AnswerTooLargeError when the answer
 * is longer than so many bytes.
 */
export const cappedFetch =
  (maxBytes: number): typeof globalThis.fetch =>
  async (input, init) => {
    const answer = await fetch(input, { ...init, redirect: "error" });
    const text = await readCapped(answer, maxBytes);
    if (text === undefined) throw new AnswerTooLargeError("the answer is too large");
    const { status, statusText, headers } = answer;
    return new Response(hasBody(status) ? text : null, { status, statusText, headers });
  };

const hasBody = (status: number): boolean => ![101, 204, 205, 304].includes(status);
