import { Type } from "typebox";
import { FAULT_CODES, FAULT_PARTS, PROVISION_REFUSALS } from "../../domain/agent-protocol.ts";
import { strict } from "./common.ts";

const Id = Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$" });
/** Whatever a date can be: a time that is not taken is a conflict, which the agent does not repeat. */
const Moment = Type.Integer({ minimum: 0, maximum: 8.64e15 });
const Reason = Type.Enum(["member", "removed", "operator", "expiry"]);
const report = {
  epoch: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
  sequence: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
};
/** `AgentEvent` of `domain/agent-protocol.ts`. */
export const EventBody = Type.Union([
  Type.Object({ ...report, kind: Type.Literal("idle"), inboxId: Id, conversationId: Id }, strict),
  Type.Object({ ...report, kind: Type.Literal("joined"), claimId: Id, conversationId: Id }, strict),
  Type.Object(
    {
      ...report,
      kind: Type.Literal("join-refused"),
      claimId: Id,
      refusal: Type.Enum([...PROVISION_REFUSALS]),
    },
    strict,
  ),
  Type.Object({ ...report, kind: Type.Literal("expiry-set"), expiresAtMs: Moment }, strict),
  Type.Object({ ...report, kind: Type.Literal("exploding"), reason: Reason }, strict),
  Type.Object({ ...report, kind: Type.Literal("exploded"), reason: Reason }, strict),
  Type.Object(
    {
      ...report,
      kind: Type.Literal("fault"),
      part: Type.Enum([...FAULT_PARTS]),
      code: Type.Enum([...FAULT_CODES]),
    },
    strict,
  ),
]);
