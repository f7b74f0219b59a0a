import { Type } from "typebox";
import { AUDITED_INVARIANTS } from "../../domain/audit.ts";
import { strict } from "./common.ts";

export const AuditBody = Type.Object(
  {
    violations: Type.Array(
      Type.Object(
        {
          invariant: Type.Union(AUDITED_INVARIANTS.map((name) => Type.Literal(name))),
          subject: Type.String({ description: "An id." }),
          detail: Type.String(),
        },
        strict,
      ),
    ),
  },
  strict,
);
