import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { complaint, settingsRoute } from "../base/settings-route.ts";
import type { Account } from "./account.ts";
import { type Script, ScriptSchema } from "./model/script.ts";
import { type SearchBook, SearchEntriesSchema } from "./model/search-book.ts";
import type { RequestRecorder } from "./request-recorder.ts";
import { SettingsSchema } from "./settings.ts";

const SettingsChangeSchema = Type.Partial(SettingsSchema, { additionalProperties: false });

/** The control endpoints of this double alone: its settings, what reached the model, and what the web says. */
export function openRouterControl(
  account: Account,
  recorder: RequestRecorder,
  { book, script }: { book: SearchBook; script: Script },
): Route[] {
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
      method: "PUT",
      path: "/__double/openrouter/search",
      handle({ body }) {
        if (!Value.Check(SearchEntriesSchema, body)) return complaint(SearchEntriesSchema, body);
        book.replace(body.entries);
        return json(200, { entries: body.entries.length });
      },
    },
    {
      method: "PUT",
      path: "/__double/openrouter/script",
      handle({ body }) {
        if (!Value.Check(ScriptSchema, body)) return complaint(ScriptSchema, body);
        script.lines = body.lines;
        return json(200, { lines: body.lines.length });
      },
    },
    settingsRoute("openrouter", SettingsChangeSchema, (change) => account.changeSettings(change)),
  ];
}
