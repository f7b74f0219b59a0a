import Type from "typebox";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { settingsRoute } from "../base/settings-route.ts";
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
    settingsRoute("openrouter", SettingsChangeSchema, (change) => account.changeSettings(change)),
  ];
}
