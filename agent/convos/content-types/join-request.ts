import { type ConvosCodec, defineCodec } from "./codec.ts";
import { isJsonObject, jsonBytes, parseJsonObject, stringOrUndefined } from "./json.ts";

/** How the joiner wants to be shown while its request waits. `memberKind: "agent"` marks an agent. */
export interface JoinProfile {
  readonly name?: string | undefined;
  readonly imageURL?: string | undefined;
  readonly memberKind?: string | undefined;
}

/** `convos.org/join_request:1.0`, joiner to inviter, in their DM. */
export interface JoinRequest {
  readonly inviteSlug: string;
  readonly profile?: JoinProfile | undefined;
  /** Strings only: the iOS app drops the whole request when it finds any other value. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export const joinRequestCodec: ConvosCodec<JoinRequest> = defineCodec<JoinRequest>({
  typeId: "join_request",
  push: true,
  fallback: (request) => request.inviteSlug,
  toBytes: jsonBytes,
  fromBytes(bytes) {
    const json = parseJsonObject(bytes);
    if (typeof json?.inviteSlug !== "string" || json.inviteSlug === "") return undefined;
    return {
      inviteSlug: json.inviteSlug,
      ...(isJsonObject(json.profile) ? { profile: parseProfile(json.profile) } : {}),
      ...(isJsonObject(json.metadata) ? { metadata: onlyStrings(json.metadata) } : {}),
    };
  },
});

function parseProfile(json: Readonly<Record<string, unknown>>): JoinProfile {
  const name = stringOrUndefined(json.name);
  const imageURL = stringOrUndefined(json.imageURL);
  const memberKind = stringOrUndefined(json.memberKind);
  return {
    ...(name === undefined ? {} : { name }),
    ...(imageURL === undefined ? {} : { imageURL }),
    ...(memberKind === undefined ? {} : { memberKind }),
  };
}

const onlyStrings = (json: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
