/** What the files of one folder may import from the repository, and which packages. */
export type Arrow = {
  /** Folders or files, below the repository. Its own folder is always allowed. */
  readonly may: readonly string[];
  /** Only types of these. */
  readonly mayTypes?: readonly string[];
  /** Packages and Node's own modules; any when not given. */
  readonly packages?: readonly string[];
  readonly why: string;
};

/** The direction of dependencies (ARCHITECTURE.md, "Folders"). Tests are free: they put the parts together. */
export const ARROWS: Readonly<Record<string, Arrow>> = {
  // A schema is data: what both sides of a protocol parse is written once.
  domain: { may: [], packages: ["typebox"], why: "pure decisions, which run in workflows too" },
  workflows: {
    may: ["domain"],
    mayTypes: ["activities"],
    packages: ["@temporalio/workflow"],
    why: "deterministic shells around the domain",
  },
  activities: { may: ["domain"], why: "the world, as the domain's words" },
  workers: {
    may: ["domain", "workflows", "activities", "infra/config", "infra/codec"],
    why: "what runs where",
  },
  api: {
    // `agent/convos` is the protocol's library: an invite is verified before anything is bound to it.
    may: [
      ...["domain", "activities/registry", "activities/agent", "activities/deliver-to-agent.ts"],
      // What comes in is handed on, and the broker's requests count against the account's budget.
      ...["activities/inbound", "activities/rate-limit", "activities/resources/network-failure.ts"],
      "activities/bankr/manual-key.ts",
      ...["workflows/messages.ts", "agent/convos", "infra/config", "infra/codec"],
    ],
    mayTypes: ["workflows"],
    why: "thin: it reads the registry and talks to workflows",
  },
  agent: { may: ["domain"], why: "a package of its own, which shares only words" },
  cli: {
    may: ["domain", "agent/convos", "infra/local/file-lock.ts"],
    mayTypes: ["api"],
    why: "a client of the HTTP API, and of XMTP for chat",
  },
  infra: {
    may: ["domain", "workflows", "activities", "workers", "api", "agent", "cli"],
    why: "puts everything together",
  },
};
