import { type Static, Type } from "typebox";
import { AUDITED_INVARIANTS } from "../domain/audit.ts";
import { LIMITS } from "../domain/limits.ts";
import { GENERATION_PATTERN, ROLLOUT_STRATEGIES } from "../domain/rollout.ts";
import { ERROR_CODES } from "./problems.ts";

/** The bodies of requests and answers. Unknown fields are refused everywhere. */

const strict = { additionalProperties: false } as const;
const Nullable = (description: string) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], description });
const Time = (description: string) => Type.String({ format: "date-time", description });
/** Something that can be read, without the control characters that break lists and links. */
const VISIBLE = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$";

export const InstanceParams = Type.Object({ id: Type.String({ pattern: "^[a-z0-9]{12}$" }) }, strict);
export const ClaimParams = Type.Object({ id: Type.String({ pattern: "^[a-z0-9]{20}$" }) }, strict);
export const EmptyBody = Type.Object({}, strict);

export const ProblemBody = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: ERROR_CODES }),
    retryable: Type.Boolean({ description: "Whether the same request may succeed later as it is." }),
    hint: Type.String({ description: "What the caller can do." }),
    detail: Type.Optional(Type.String({ description: "Names fields, parts and ids, never values." })),
    instance: Type.String({ description: "Under this id the gateway's log has the request." }),
  },
  { ...strict, description: "A problem document (RFC 9457)." },
);

/** The answers that every route may give besides its own. */
export const PROBLEMS = {
  "4xx": { description: "A problem", content: { "application/problem+json": { schema: ProblemBody } } },
  "5xx": { description: "A problem", content: { "application/problem+json": { schema: ProblemBody } } },
} as const;

export const ClaimHeaders = Type.Object({
  "idempotency-key": Type.String({
    pattern: "^[\\x20-\\x7e]+$",
    minLength: 1,
    maxLength: LIMITS.idempotencyKeyMaxChars,
    description: "The same for each repetition of one request; it is free again when the claim has ended.",
  }),
});

export const ClaimBody = Type.Object(
  {
    instructions: Type.String({
      minLength: 1,
      maxLength: LIMITS.instructionsMaxChars,
      pattern: "\\S",
      description: "What the agent is for, in its owner's words.",
    }),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.nameMaxChars,
        pattern: VISIBLE,
        description: "Name of the agent and its conversation.",
      }),
    ),
    joinUrl: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.joinUrlMaxChars,
        description: "An invite to join, as a link or a bare slug; without it a new conversation is opened.",
      }),
    ),
    profileImage: Type.Optional(
      Type.String({
        maxLength: LIMITS.profileImageMaxChars,
        pattern: "^https://[^\\s]+$",
        description: "A public https link.",
      }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" }),
        Type.String({ maxLength: LIMITS.metadataValueMaxChars }),
        { ...strict, maxProperties: LIMITS.metadataMaxEntries, description: "Shown in the agent's profile." },
      ),
    ),
    onEmpty: Type.Optional(
      Type.String({ enum: ["wait", "reject"], description: "When no agent is idle; default `wait`." }),
    ),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.waitMaxMs,
        description: `How long the answer is held, in ms; default ${LIMITS.waitDefaultMs}.`,
      }),
    ),
  },
  strict,
);
export type ClaimBody = Static<typeof ClaimBody>;

const delivered = {
  claimId: Type.String(),
  instanceId: Type.String(),
  agentName: Type.String(),
  conversationId: Nullable("Null until the agent is admitted to the conversation it was invited to."),
  inviteUrl: Nullable("Lets its reader into the conversation; null when the agent joined one."),
  joined: Type.Boolean({ description: "Whether the agent joined by `joinUrl`." }),
};

export const DeliveredClaim = Type.Object(
  {
    ...delivered,
    status: Type.String({ enum: ["live", "pending"], description: "`pending`: asked to be admitted." }),
  },
  strict,
);
export type DeliveredClaim = Static<typeof DeliveredClaim>;

export const AcceptedClaim = Type.Object(
  { claimId: Type.String(), status: Type.String({ enum: ["waiting", "bound"] }) },
  strict,
);

export const ClaimStatus = Type.Object(
  {
    ...Type.Partial(Type.Object(delivered)).properties,
    claimId: Type.String(),
    status: Type.String({ enum: ["waiting", "bound", "pending", "live", "failed", "cancelled", "ended"] }),
    attempt: Type.Integer({ description: "How many agents were bound to it so far." }),
    failure: Type.Optional(Type.String({ enum: ERROR_CODES, description: "Why it failed." })),
    createdAt: Time("When it was taken in."),
  },
  strict,
);
export type ClaimStatus = Static<typeof ClaimStatus>;

const count = Type.Integer({ minimum: 0 });
export const PoolCounts = Type.Object(
  {
    idle: count,
    provisioning: count,
    claimed: count,
    quarantined: count,
    exploding: count,
    waiting: Type.Integer({ minimum: 0, description: "Claims in the queue." }),
  },
  strict,
);

export const PoolStatus = Type.Object(
  {
    name: Type.String(),
    target: count,
    surge: count,
    generation: Type.String(),
    pausedReason: Nullable("Why no instance is started; null while the pool works."),
    failuresInARow: count,
    retryAfter: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
    counts: PoolCounts,
    startsPerMinute: Type.Integer({ minimum: 1, description: "At most so many starts of its own." }),
    maxAgeSeconds: Type.Integer({
      minimum: 0,
      description: "After which an idle agent is replaced; 0: never.",
    }),
    stale: Type.Integer({ minimum: 0, description: "Idle agents that are to be replaced." }),
    rollout: Type.Object(
      {
        strategy: Type.String({ enum: [...ROLLOUT_STRATEGIES] }),
        since: Type.Unsafe<string | null>({
          type: ["string", "null"],
          format: "date-time",
          description: "Null when none is under way.",
        }),
      },
      strict,
    ),
    breakers: Type.Array(
      Type.Object(
        {
          kind: Type.String({ enum: ["starts", "claims"], description: "Of what." }),
          code: Type.String({ description: "What failed alike." }),
          openedAt: Time("Since when."),
        },
        strict,
      ),
      { description: "Those that are open: what is stopped because it failed alike." },
    ),
    numberTiming: Type.String({ description: "When agents get phone numbers." }),
    walletTiming: Type.String({ description: "When agents get wallets." }),
    why: Type.String({ description: "One sentence: why the pool is not full, or that it is." }),
  },
  strict,
);

export type PoolStatus = Static<typeof PoolStatus>;

export const CountBody = (maximum: number) =>
  Type.Object({ count: Type.Integer({ minimum: 1, maximum }) }, strict);
export const TargetBody = Type.Object(
  { target: Type.Integer({ minimum: 0, maximum: LIMITS.poolMaxTarget }) },
  strict,
);
export const RateBody = Type.Object(
  { startsPerMinute: Type.Integer({ minimum: 1, maximum: LIMITS.poolMaxStartsPerMinute }) },
  strict,
);
export const MaxAgeBody = Type.Object(
  {
    hours: Type.Integer({
      minimum: 0,
      maximum: LIMITS.poolMaxAgeHours,
      description: "After which an idle agent is replaced; 0: never.",
    }),
  },
  strict,
);
export const RolloutBody = Type.Object(
  {
    generation: Type.String({
      pattern: GENERATION_PATTERN,
      description: "An agent's build and configuration.",
    }),
    strategy: Type.Optional(
      Type.Union(
        ROLLOUT_STRATEGIES.map((name) => Type.Literal(name)),
        {
          description:
            "`OnReplenish` (the default): only new agents are of it. `Recreate`: idle ones are replaced as well, one by one.",
        },
      ),
    ),
  },
  strict,
);
export const PauseBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 200, pattern: VISIBLE }) },
  strict,
);
export const AuditBody = Type.Object(
  {
    violations: Type.Array(
      Type.Object(
        {
          invariant: Type.Union(AUDITED_INVARIANTS.map((name) => Type.Literal(name))),
          subject: Type.String({ description: "An id." }),
          detail: Type.String(),
        },
        strict,
      ),
    ),
  },
  strict,
);

export const BootstrapBody = Type.Object(
  { epoch: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "The start it belongs to." }) },
  strict,
);
export const BootstrapAnswer = Type.Object(
  {
    instanceSecret: Type.String({ description: "64 hex digits." }),
    modelKey: Type.String({ description: "The agent's own key at the model provider." }),
    stateKey: Type.String({ description: "64 hex digits." }),
  },
  { ...strict, description: "What only this agent may know; never stored by whoever is between." },
);

export const ProviderList = Type.Object(
  {
    providers: Type.Array(
      Type.Object(
        {
          provider: Type.String({ description: "As the ledger names it." }),
          account: Type.String({ description: "Everything that shares its limits at the provider." }),
          configured: Type.Boolean({ description: "Whether this platform has a key for it." }),
          buckets: Type.Array(
            Type.Object(
              {
                bucket: Type.String({ description: "`requests`, or a narrower limit of the account." }),
                tokens: Type.Number({ description: "Requests that may be sent at once, now." }),
                capacity: Type.Number(),
                refillPerSecond: Type.Number(),
                minGapMs: Type.Number({ description: "Between any two requests." }),
                blockedUntil: Type.Unsafe<string | null>({
                  type: ["string", "null"],
                  format: "date-time",
                  description: "Until when the provider asked not to be asked; null when it may be.",
                }),
                requests: Type.Integer({ minimum: 0, description: "Let through so far." }),
                refused: Type.Integer({ minimum: 0, description: "Not sent, for want of a token in time." }),
                throttled: Type.Integer({ minimum: 0, description: "Answered as too many." }),
              },
              strict,
            ),
            { description: "Empty until the first request." },
          ),
          resources: Type.Unsafe<Record<string, Record<string, number>>>({
            type: "object",
            additionalProperties: {
              type: "object",
              additionalProperties: { type: "integer", minimum: 0 },
            },
            description:
              "How many of each kind the ledger has in each state; those that have ended are left out.",
          }),
          lastError: Nullable("Of the catalogue: the newest of a resource that has not ended."),
        },
        strict,
      ),
    ),
  },
  strict,
);
export type ProviderList = Static<typeof ProviderList>;

export const DrainedBody = Type.Object({ drained: Type.Array(Type.String()) }, strict);

const instance = {
  id: Type.String(),
  name: Type.String({ description: "Of everything it owns at a provider." }),
  pool: Type.String(),
  generation: Type.String(),
  state: Type.String(),
  stateSince: Time("When it entered the state."),
  desired: Type.String({ enum: ["present", "absent"] }),
  epoch: Type.Integer({ description: "Counts the starts of its process." }),
  readyEpoch: Type.Integer({ description: "The last one that reported itself ready." }),
  inboxId: Nullable("XMTP inbox of the agent."),
  conversationId: Nullable("XMTP group of the agent."),
  claimId: Nullable("The claim it serves."),
  endReason: Nullable("Why it ended or is ending."),
  createdAt: Time("When the pool decided on it."),
  endedAt: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
};
export const InstanceSummary = Type.Object(instance, strict);
export type InstanceSummary = Static<typeof InstanceSummary>;
export const InstanceList = Type.Object({ instances: Type.Array(InstanceSummary) }, strict);
export const InstanceQuery = Type.Object(
  {
    ended: Type.Optional(
      Type.String({ enum: ["true", "false"], description: "Whether tombstones are listed as well." }),
    ),
  },
  strict,
);

export const Receipt = Type.Object(
  {
    body: Type.String({ description: "The signed text: JSON." }),
    signature: Type.String({ description: "Ed25519 over the body." }),
    keyId: Type.String({ description: "The key, at /.well-known/jwks.json." }),
  },
  { ...strict, description: "Proof that the instance and all it owned are gone." },
);

export const InstanceDetail = Type.Object(
  {
    ...instance,
    timeline: Type.Array(
      Type.Object(
        {
          at: Time("When it was written down."),
          kind: Type.String(),
          epoch: Type.Unsafe<number | null>({ type: ["integer", "null"] }),
          detail: Nullable("Ids and codes."),
        },
        strict,
      ),
    ),
    resources: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          provider: Type.String(),
          kind: Type.String(),
          name: Type.String(),
          externalId: Nullable("Of the provider."),
          state: Type.String(),
          outcome: Type.Unsafe<Record<string, string> | null>({
            type: ["object", "null"],
            additionalProperties: { type: "string" },
            description: "What became of it.",
          }),
          lastError: Nullable("Of the catalogue."),
        },
        strict,
      ),
    ),
    receipt: Type.Optional(Receipt),
    temporalUrl: Nullable("The lifecycle's workflow in Temporal's Web UI."),
    temporalExplodeUrl: Nullable("The Explode's workflow, once the instance is to end."),
  },
  strict,
);
export type InstanceDetail = Static<typeof InstanceDetail>;

export const ExplodeBody = Type.Object(
  { reason: Type.Optional(Type.String({ enum: ["operator"] })) },
  strict,
);
export const ExplodingBody = Type.Object(
  { instanceId: Type.String(), status: Type.String({ enum: ["exploding"] }) },
  strict,
);
