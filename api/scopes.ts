/**
 * Who may call a route. Each route names one of these as `config.access`; without one the gateway does not start.
 *
 * - `open`: everybody.
 * - `claim`: claim keys and admin keys.
 * - `admin`: admin keys.
 * - `instance`: the instance of `:id`, by its own secret.
 * - `bootstrap`: the instance of `:id`, once, by the token of its start; the route redeems it.
 * - `signature`: a provider's webhook, by what it is signed with; the route checks it once it has the body.
 *
 * Without a token, or with one that is not known there, the answer is 401; with a claim key where only an admin key will
 * do it is 403.
 */
export const ACCESS = {
  open: [],
  claim: ["claimKey", "adminKey"],
  admin: ["adminKey"],
  instance: ["instanceSecret"],
  bootstrap: ["bootstrapToken"],
  signature: ["providerSignature"],
} as const satisfies Record<string, readonly Credential[]>;
export type Access = keyof typeof ACCESS;

export type Credential = "claimKey" | "adminKey" | "instanceSecret" | "bootstrapToken" | "providerSignature";

const bearer = (description: string) => ({ type: "http", scheme: "bearer", description }) as const;

/** As the OpenAPI document describes them. */
export const SECURITY_SCHEMES = {
  adminKey: bearer("Operates the platform; of `API_KEY` or `ADMIN_KEYS`."),
  claimKey: bearer("Claims, reads claims and cancels them; of `CLAIM_KEYS`."),
  instanceSecret: bearer("An instance's own, made by the platform; good for that instance only."),
  bootstrapToken: bearer("For one start of one instance; good once and for ten minutes."),
  providerSignature: {
    type: "apiKey",
    in: "header",
    name: "telnyx-signature-ed25519",
    description:
      "A provider's signature over the body and the time, at most five minutes old: Telnyx in this header, AgentMail in `svix-signature`. Railway signs nothing and has a secret path.",
  },
} as const satisfies Record<Credential, object>;

export const isAccess = (value: unknown): value is Access =>
  typeof value === "string" && Object.hasOwn(ACCESS, value);

/** Each is enough. Empty where none is needed. */
export const securityOf = (access: Access): Partial<Record<Credential, string[]>>[] =>
  ACCESS[access].map((credential) => ({ [credential]: [] }));
