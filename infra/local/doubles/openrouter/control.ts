import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { RequestRecorder } from "./request-recorder.ts";
import { SettingsSchema } from "./settings.ts";

const SettingsChangeSchema = Type.Partial(SettingsSchema, { additionalProperties: false });

/** The control endpoints of this double alone: its settings, and what reached the model. */
export function openRouterControl(account: Account, recorder: RequestRecorder): Route[] {
  return [
    {
      method: "GET",
      path: "/__double/openrouter/requests",
      handle() {
        const requests = recorder.list();
        return requests ? json(200, { requests }) : json(404, { error: "recording is off (recordRequests)" });
      },
    },
    {
      method: "PATCH",
      path: "/__double/openrouter/settings",
      handle({ body }) {
        if (!Value.Check(SettingsChangeSchema, body)) {
          const first = Value.Errors(SettingsChangeSchema, body)[0];
          return json(400, { error: `${first?.instancePath || "/"} ${first?.message ?? "not valid"}` });
        }
        return json(200, { settings: account.changeSettings(body) });
      },
    },
  ];
}
