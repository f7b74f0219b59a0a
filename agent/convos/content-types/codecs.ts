import { assistantJoinRequestCodec } from "./assistant-join-request.ts";
import { explodeSettingsCodec } from "./explode-settings.ts";
import { inviteJoinErrorCodec } from "./invite-join-error.ts";
import { inviteJoinHandledCodec } from "./invite-join-handled.ts";
import { joinRequestCodec } from "./join-request.ts";
import { profileSnapshotCodec } from "./profile-snapshot.ts";
import { profileUpdateCodec } from "./profile-update.ts";
import { thinkingCodec } from "./thinking.ts";
import { typingIndicatorCodec } from "./typing-indicator.ts";

/** Every Convos content type this library speaks: give them to `Client.create`, without them content is undefined. */
export const convosCodecs = [
  joinRequestCodec,
  inviteJoinErrorCodec,
  inviteJoinHandledCodec,
  explodeSettingsCodec,
  profileUpdateCodec,
  profileSnapshotCodec,
  typingIndicatorCodec,
  thinkingCodec,
  assistantJoinRequestCodec,
];
