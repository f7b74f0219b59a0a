import Type, { type Static } from "typebox";

/** How this organisation is set up and where the provider's documents leave a choice. Changed by PATCH. */
export const SettingsSchema = Type.Object(
  {
    /** Inboxes of the plan; one more is refused with `limit_exceeded`. */
    inboxLimit: Type.Integer({ minimum: 0 }),
    /** Addresses' local parts that somebody else holds. */
    takenUsernames: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 1_000 }),
    /** For how long after its creation an inbox answers a send with 404. */
    sendSettleMs: Type.Integer({ minimum: 0 }),
    /** For how long after its creation an inbox answers everything with 404, though the list shows it. */
    readSettleMs: Type.Integer({ minimum: 0 }),
    /** What a client_id brings whose inbox was deleted: the old answer again, or a new inbox. */
    clientIdAfterDelete: Type.Union([Type.Literal("replay"), Type.Literal("new")]),
    /** The longest page of any list. */
    maxPageSize: Type.Integer({ minimum: 1, maximum: 500 }),
    /** Whether the first page of a list is empty and only says where to go on. */
    emptyFirstPage: Type.Boolean(),
    /** The name of a sender's field in events: the documents use both. */
    senderField: Type.Union([Type.Literal("from"), Type.Literal("from_")]),
    /** How the delivery of webhooks goes wrong. */
    webhooks: Type.Union([
      Type.Literal("normal"),
      Type.Literal("duplicate"),
      Type.Literal("drop"),
      Type.Literal("reorder"),
      Type.Literal("bad-signature"),
      Type.Literal("stale-timestamp"),
    ]),
    /** Waits of real time before the first and each further attempt of a delivery that failed. */
    webhookDelayMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
    webhookRetryDelaysMs: Type.Array(Type.Integer({ minimum: 0, maximum: 3_600_000 }), { maxItems: 10 }),
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  inboxLimit: 150,
  takenUsernames: [],
  sendSettleMs: 2_000,
  readSettleMs: 0,
  clientIdAfterDelete: "replay",
  maxPageSize: 100,
  emptyFirstPage: false,
  senderField: "from",
  webhooks: "normal",
  webhookDelayMs: 0,
  webhookRetryDelaysMs: [500, 5_000, 30_000, 300_000],
};
