import { formatIsoSeconds, parseIsoDate } from "../time.ts";
import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject, stringOrUndefined } from "./json.ts";

/** `convos.org/explode_settings:1.0`: the conversation ends at this instant. Sent before anybody is removed. */
export interface ExplodeSettings {
  readonly expiresAt: Date;
}

export const explodeSettingsCodec: ConvosCodec<ExplodeSettings> = defineCodec({
  typeId: "explode_settings",
  push: true,
  fallback: ({ expiresAt }) => `Conversation expires at ${formatIsoSeconds(expiresAt)}`,
  toBytes: ({ expiresAt }) => jsonBytes({ expiresAt: formatIsoSeconds(expiresAt) }),
  fromBytes(bytes) {
    const expiresAt = parseIsoDate(stringOrUndefined(parseJsonObject(bytes)?.expiresAt) ?? "");
    return expiresAt && { expiresAt };
  },
});
