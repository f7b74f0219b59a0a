import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

const Reason = Type.Union([
  Type.Literal("member"),
  Type.Literal("removed"),
  Type.Literal("operator"),
  Type.Literal("expiry"),
]);
const Claim = Type.Object({
  claimId: Type.String(),
  outcome: Type.Union([Type.Literal("created"), Type.Literal("joined"), Type.Literal("pending")]),
  agentName: Type.String(),
  conversationId: Type.Union([Type.String(), Type.Null()]),
  inviteUrl: Type.Union([Type.String(), Type.Null()]),
  /** What becomes of a pending join: it stays so, or the inviter admits or refuses. */
  ends: Type.Optional(Type.Union([Type.Literal("joined"), Type.Literal("refused")])),
});
const State = Type.Union([
  Type.Object({
    kind: Type.Literal("alive"),
    inboxId: Type.String(),
    joinInboxId: Type.String(),
    conversationId: Type.String(),
    claim: Type.Union([Claim, Type.Null()]),
  }),
  Type.Object({ kind: Type.Literal("tombstone"), reason: Reason }),
]);

export type StandInClaim = Static<typeof Claim>;
export type StandInState = Static<typeof State>;

/** What outlives the process. People's words are never in it. */
export interface StateStore {
  load(): StandInState | undefined;
  save(state: StandInState): void;
}

const schema = Compile(State);

/** One file in the agent's state folder, replaced whole. */
export function fileStore(stateDir: string): StateStore {
  const path = join(stateDir, "stand-in.json");
  return {
    load: () => {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
      return schema.Parse(JSON.parse(text));
    },
    save: (state) => {
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

/** For the host: as durable as the host is, and nothing to wait for. */
export function memoryStore(): StateStore {
  let kept: StandInState | undefined;
  return {
    load: () => kept,
    save: (state) => {
      kept = state;
    },
  };
}
