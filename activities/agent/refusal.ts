import { INVITE_REFUSALS, PROVISION_REFUSALS } from "../../domain/agent-protocol.ts";
import { isErrorCode, PlatformError } from "../../domain/errors.ts";
import type { Answer, NoAnswerError, Question } from "./agent-connection.ts";
import { problemAnswer } from "./answers.ts";

/** A `GET` changes nothing, so without an answer nothing happened; what was posted may have been done. */
export function noAnswer(question: Question, error: NoAnswerError): PlatformError {
  const code = question.method === "POST" && error.sent ? "ambiguous" : "agent-unreachable";
  return new PlatformError(code, { detail: error.message });
}

const REFUSALS = [...PROVISION_REFUSALS, ...INVITE_REFUSALS];

/** A proved agent said no. Only words of the protocol are taken from its answer: its text may quote anything. */
export function refused(answer: Answer): PlatformError {
  if (answer.status < 400 || answer.status >= 500)
    return new PlatformError("ambiguous", { detail: `the agent answered ${answer.status}` });
  const given = problemAnswer.Check(answer.body) ? answer.body.code : undefined;
  const refusal = REFUSALS.find((code) => code === given);
  if (refusal === undefined)
    return new PlatformError("agent-refused", { detail: `the agent answered ${answer.status}` });
  return isErrorCode(refusal)
    ? new PlatformError(refusal)
    : new PlatformError("agent-refused", { detail: refusal });
}
