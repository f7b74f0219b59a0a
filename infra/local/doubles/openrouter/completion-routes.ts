import { Value } from "typebox/value";
import type { Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import {
  type CompletionFailure,
  completionId,
  streamReply,
  type Usage,
  wholeReply,
} from "./completion-reply.ts";
import { type CompletionRequest, CompletionRequestSchema } from "./completion-request.ts";
import { badRequest } from "./errors.ts";
import { addUsd } from "./metering.ts";
import type { Script } from "./model/script.ts";
import type { SearchBook } from "./model/search-book.ts";
import { isSearchModel, takeSearchTurn } from "./model/search-stand-in.ts";
import { type ModelTurn, takeTurn } from "./model/stand-in.ts";
import { findModel, type Model } from "./models.ts";
import { refuseForMoney, refuseForRouting } from "./refusals.ts";

const CHARS_PER_TOKEN = 4;

/** Names of the faults only a completion can have. */
export const COMPLETION_FAULTS = ["midStreamError", "finishReasonError"];

/** `/chat/completions`, for inference keys. Each answer is billed to its key, also when the client has left. */
export function completionRoutes(
  account: Account,
  authorizer: Authorizer,
  { book, script }: { book: SearchBook; script: Script },
  record: (request: unknown) => void,
): Route[] {
  const complete = (request: DoubleRequest): Reply => {
    const credentials = authorizer.inference(request);
    if (credentials.kind === "refused") return credentials.reply;
    const { body } = request;
    if (!Value.Check(CompletionRequestSchema, body)) return badRequest(problem(body));
    const modelId = body.model ?? body.models?.[0];
    if (modelId === undefined) return badRequest("No models provided");
    const model = findModel(modelId);
    if (!model) return badRequest(`${modelId.slice(0, 100)} is not a valid model ID`);
    const refusal =
      refuseForRouting(model, body.provider) ?? refuseForMoney(account, credentials.key, model, body);
    if (refusal) return refusal;

    record(body);
    const { nowMs } = account;
    const turn = isSearchModel(modelId)
      ? takeSearchTurn(body, book, nowMs)
      : takeTurn(body, nowMs, script.lines);
    const usage = measure(model, body, turn);
    account.bill(credentials.key, usage.costUsd);
    const id = completionId(nowMs);
    const failure = failureOf(request.providerFault);
    const { passesSearchLists } = account.settings;
    const completion = { modelId, turn, usage, failure, passesSearchLists, nowMs };
    return body.stream === true ? streamReply(id, completion) : wholeReply(id, completion);
  };
  return [{ method: "POST", path: "/api/v1/chat/completions", handle: complete }];
}

function measure(model: Model, request: CompletionRequest, turn: ModelTurn): Usage {
  const promptTokens = tokensIn(JSON.stringify(request.messages));
  const completionTokens = tokensIn(turn.kind === "text" ? turn.text : turn.name + turn.argumentsJson);
  const promptUsd = addUsd(promptTokens * model.promptUsd, 0);
  const completionUsd = addUsd(completionTokens * model.completionUsd, 0);
  const costUsd = addUsd(promptUsd, completionUsd);
  return { promptTokens, completionTokens, promptUsd, completionUsd, costUsd };
}

const tokensIn = (text: string): number => Math.max(1, Math.ceil(text.length / CHARS_PER_TOKEN));

const failureOf = (fault: string | undefined): CompletionFailure =>
  fault === "midStreamError" || fault === "finishReasonError" ? fault : undefined;

/** Says which field is wrong and never what it holds. */
function problem(body: unknown): string {
  const first = Value.Errors(CompletionRequestSchema, body)[0];
  return `${first?.instancePath.slice(1) || "body"}: ${first?.message ?? "not valid"}`;
}
