export const MAIL_LIMITS = {
  /** Of `to` and `cc` together, or invited to one event. */
  recipientsMax: 20,
  /** RFC 5321, section 4.5.3.1. */
  addressMaxChars: 254,
  subjectMaxChars: 250,
  textMaxChars: 100_000,
  htmlMaxChars: 400_000,
  attachmentsMax: 10,
  attachmentMaxBytes: 4_300_000,
  /** A whole request to the provider, which refuses about 6 MB; attachments are in it in base64. */
  requestMaxBytes: 5_900_000,
  requestTimeoutMs: 15_000,
  /** A new mailbox answers sends with 404 for some seconds: waits before each further attempt. */
  settleWaitsMs: [1_000, 2_000, 4_000, 8_000],
  listMax: 20,
  /** Of one mail at a time; the rest is read with an offset. */
  readMaxChars: 16_000,
  /** Formatting without a plain text beyond this is not read. */
  readHtmlMaxChars: 1_000_000,
  attachmentsShownMax: 20,
  downloadMaxBytes: 25_000_000,
  downloadTimeoutMs: 60_000,
  /** Of an invitation that came with a mail, and how many of one mail are read. */
  invitationMaxBytes: 256_000,
  invitationsMax: 2,
  titleMaxChars: 200,
  locationMaxChars: 300,
  descriptionMaxChars: 4_000,
  /** Longest event that is not all-day or repeated: what is longer is a mistake. */
  eventMaxDays: 366,
  eventsListed: 20,
} as const;
