/**
 * The Convos conversation protocols over XMTP: invites, joining, group metadata, profiles, lock and explode.
 * It works on `@xmtp/node-sdk` clients that were created with `convosCodecs`, keeps no state of its own and logs nothing.
 */

// Group appData: the invite tag, the scheduled end, legacy profiles.
export type { ConversationMetadata, ConversationProfile } from "./app-data/metadata.ts";
export {
  AppDataTooLargeError,
  decodeAppData,
  EMPTY_METADATA,
  encodeAppData,
  readTag,
} from "./app-data/text.ts";
export {
  type AppDataFailure,
  type AppDataGroup,
  AppDataUpdateError,
  updateAppData,
} from "./app-data/update.ts";
// Attestation: what makes clients show an agent as verified.
export {
  type Attestation,
  type AttestationVerdict,
  attestationMetadata,
  readAttestation,
  signAttestation,
  type VerifyAttestationOptions,
  verifyAttestation,
} from "./attestation.ts";
export { type AttestationJwks, type AttestationKey, jwksOf, keysOfJwks } from "./attestation-keys.ts";
export type { ConvosCodec, EncodedContent } from "./content-types/codec.ts";
// Content types.
export { convosCodecs } from "./content-types/codecs.ts";
export { type ExplodeSettings, explodeSettingsCodec } from "./content-types/explode-settings.ts";
export {
  type InviteJoinError,
  inviteJoinErrorCodec,
  type JoinErrorType,
} from "./content-types/invite-join-error.ts";
export { type InviteJoinHandled, inviteJoinHandledCodec } from "./content-types/invite-join-handled.ts";
export { type JoinProfile, type JoinRequest, joinRequestCodec } from "./content-types/join-request.ts";
export { AGENT_MEMBER_KIND, type Profile, type ProfileMetadata } from "./content-types/profile.ts";
export {
  type MemberProfile,
  type ProfileSnapshot,
  profileSnapshotCodec,
} from "./content-types/profile-snapshot.ts";
export { type ProfileUpdate, profileUpdateCodec } from "./content-types/profile-update.ts";
export { readContent } from "./content-types/read.ts";
export { type Sendable, sendContent } from "./content-types/send.ts";
export { type Thinking, thinkingCodec } from "./content-types/thinking.ts";
export { type TypingIndicator, typingIndicatorCodec } from "./content-types/typing-indicator.ts";
export { defaultEmoji } from "./emoji.ts";
export type { EncryptedImageRef } from "./encrypted-image.ts";
export { type ExplodeDecision, explodeDecision, type SenderRole, senderRole } from "./explode.ts";
// Lock and explode.
export {
  type ExplodableGroup,
  type ExplodeReport,
  type ExplodeStep,
  endConversation,
  explodeConversation,
  scheduleExplosion,
} from "./explode-conversation.ts";
// Pictures of members and groups.
export { groupImageKey } from "./group-image-key.ts";
export {
  decryptImage,
  encryptImage,
  MAX_IMAGE_BYTES,
  MAX_SEALED_IMAGE_BYTES,
  newImageKey,
  type SealedImage,
} from "./image-encryption.ts";
// Invites: a signed link that names the inviter and, sealed for the inviter only, the group.
export { type CreateInviteOptions, createInvite, MAX_CONVERSATION_NAME_CHARS } from "./invite/create.ts";
export {
  type InspectOptions,
  type InviteInspection,
  type InviteVerification,
  inspectInvite,
  inspectParsedInvite,
  isForeignNetwork,
  verifyInviteAsInviter,
} from "./invite/inspect.ts";
export {
  type Invite,
  type InviteParseFailure,
  type InviteParseResult,
  parseInvite,
} from "./invite/invite.ts";
export { generateTag } from "./invite/tag.ts";
export { type InviteNetwork, inviteUrl } from "./invite/url.ts";
// Joining: the inviter's side.
export { type AdmissionRight, admissionRight } from "./join/add-member.ts";
// Joining: the joiner's side.
export { type Admission, type AwaitAdmissionOptions, awaitAdmission } from "./join/await-admission.ts";
export { type CaughtUpRequest, catchUpJoinRequests } from "./join/catch-up.ts";
export {
  type EvaluateJoinRequestInput,
  evaluateJoinRequest,
  type JoinDecision,
  type JoinTarget,
} from "./join/evaluate.ts";
export { findGroupByTag } from "./join/find-group.ts";
export { handleJoinRequest } from "./join/handle.ts";
export type { InviterDeps, JoinFollowUp, JoinOutcome } from "./join/inviter.ts";
export type { JoinLedger, JoinLedgerEntry, JoinLedgerOutcome } from "./join/ledger.ts";
export {
  type JoinRequestOptions,
  type JoinRequestResult,
  sendJoinRequest,
} from "./join/send-join-request.ts";
export {
  isLocked,
  type LockableGroup,
  LockIncompleteError,
  type LockStep,
  lockGroup,
  rotateTag,
  unlockGroup,
} from "./lock.ts";
// Profiles of members.
export { type PersonInGroup, personsOf, resolveProfiles, sendProfileSnapshot } from "./profiles.ts";
export { type StepFailure, takeSteps } from "./steps.ts";

// The SDK's enums as plain values.
export { CONSENT, GROUP_PERMISSIONS, PERMISSION, POLICY, SORT } from "./xmtp-values.ts";
