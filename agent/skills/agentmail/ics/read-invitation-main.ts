import { Type } from "typebox";
import { Value } from "typebox/value";
import { serveWork } from "../../kit/serve-work.ts";
import { describeInvitation } from "./read-invitation.ts";

const Request = Type.Object({ ics: Type.String() });

await serveWork(
  async (request) => describeInvitation(Value.Parse(Request, request).ics),
  "The invitation in it is malformed and cannot be read.",
);
