import Type, { type Static } from "typebox";

const Ms = Type.Integer({ minimum: 0 });

/** How this workspace is set up and where the provider's documents leave a choice. Changed by PATCH. */
export const SettingsSchema = Type.Object(
  {
    /** At most one project is created in this time; 0 lifts the limit. */
    projectCreateWindowMs: Ms,
    /** At most `volumesPerWindow` volumes are created in this time; 0 lifts the limit. */
    volumeCreateWindowMs: Ms,
    volumesPerWindow: Type.Integer({ minimum: 1 }),
    /** For how long reads do not show what was created, and still show what was deleted. */
    staleReadsMs: Ms,
    /** For how long lists go on showing a deleted project, with its `deletedAt`. */
    deletedProjectsLingerMs: Ms,
    /** Undocumented at the provider: whether a second project of a name is refused. */
    projectNamesUnique: Type.Boolean(),
    /** What an id that once existed is answered with. */
    deletedIds: Type.Union([Type.Literal("notAuthorized"), Type.Literal("notFound"), Type.Literal("null")]),
    /** How long a deployment stays in each of INITIALIZING, BUILDING, DEPLOYING. */
    deployStepMs: Ms,
    /** Where deployments made from now on end. */
    deployOutcome: Type.Union([
      Type.Literal("SUCCESS"),
      Type.Literal("FAILED"),
      Type.Literal("CRASHED"),
      Type.Literal("SLEEPING"),
      Type.Literal("stuckBuilding"),
    ]),
    /** An assumption: deleting a service leaves its volume behind, attached to nothing. */
    serviceDeleteKeepsVolumes: Type.Boolean(),
    /** How long a deleted volume is pending deletion. */
    volumeDeletionMs: Ms,
    requestsPerSecond: Type.Integer({ minimum: 1 }),
    requestsPerHour: Type.Integer({ minimum: 1 }),
    /** How often each webhook is delivered: 0 drops it, 2 duplicates it. */
    webhookCopies: Type.Integer({ minimum: 0, maximum: 10 }),
    /** Each webhook waits for the next one, which is delivered first. */
    webhookReorder: Type.Boolean(),
    /** The `details.status` of a webhook says the opposite of its type. */
    webhookContradicts: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

const TWO_DAYS_MS = 48 * 3_600_000;

export const DEFAULT_SETTINGS: Settings = {
  projectCreateWindowMs: 30_000,
  volumeCreateWindowMs: 30_000,
  volumesPerWindow: 5,
  staleReadsMs: 0,
  deletedProjectsLingerMs: 60_000,
  projectNamesUnique: false,
  deletedIds: "notAuthorized",
  deployStepMs: 5_000,
  deployOutcome: "SUCCESS",
  serviceDeleteKeepsVolumes: true,
  volumeDeletionMs: TWO_DAYS_MS,
  requestsPerSecond: 50,
  requestsPerHour: 10_000,
  webhookCopies: 1,
  webhookReorder: false,
  webhookContradicts: false,
};
