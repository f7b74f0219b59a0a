import type { Mandate } from "../../skills/kit/mandate.ts";
import type { Person } from "../../skills/kit/tool.ts";
import { ToolError } from "../../skills/kit/tool-error.ts";
import { outsideName } from "../inbound/outside-message.ts";
import type { NamedAddresses } from "../state/named-addresses.ts";
import type { OpenTurn } from "../state/turn-ledger.ts";
import type { TurnContext } from "../talk/turn-source.ts";

const NOBODY =
  "Nobody in the conversation has asked for this, so it is not done. Tell the people what has come, and ask whether they want it.";
const TAINTED =
  "This turn has read words from outside, so nothing is sent to somebody whom no person here has named. Ask the people; it can be done once one of them says so.";
const unnamed = (addresses: readonly string[]): string =>
  `No person of this conversation has written ${addresses.join(", ")}, so nothing is sent there. Ask the people to write the address themselves.`;

export interface MandateFacts {
  turn: OpenTurn;
  context: TurnContext | undefined;
  namedAddresses: NamedAddresses;
  /** Who set up the schedule that a message comes from. */
  scheduledBy(messageId: string): string | undefined;
  /** Foreign words have been read in the turn, beside those of its messages that are no person's. */
  isTainted: boolean;
}

/** What the open turn's people have asked for, and who they are. Nobody is the asker of a turn that a schedule began. */
export interface Asking {
  turnId: string;
  mandate: Mandate;
  people: readonly Person[];
  asker: Person | undefined;
}

export function askingOf(facts: MandateFacts): Asking {
  const { context, namedAddresses, turn } = facts;
  const { turnId, messages } = turn;
  const self = context?.members.find(({ isSelf }) => isSelf)?.inboxId;
  const isPerson = (inboxId: string): boolean =>
    outsideName(inboxId) === undefined && inboxId !== self && context?.agentInboxIds.has(inboxId) === false;
  const writers = messages.map(({ senderInboxId }) => senderInboxId).filter(isPerson);
  const people = (context?.members ?? [])
    .filter(({ inboxId }) => isPerson(inboxId))
    .map(({ isSelf: _, ...person }) => person);
  // Whoever has left asks for nothing any more, though what they have set up goes on.
  const isHere = (owner: string): boolean => people.some(({ inboxId }) => inboxId === owner);
  const askers = [...writers, ...messages.flatMap(({ id }) => facts.scheduledBy(id) ?? []).filter(isHere)];
  // The words of other agents and from outside are foreign, also where a person has written beside them.
  const isTainted =
    facts.isTainted ||
    messages.some(({ id, senderInboxId }) => !isPerson(senderInboxId) && facts.scheduledBy(id) === undefined);
  const requirePerson = (): void => {
    if (askers.length === 0) throw new ToolError(NOBODY);
  };
  return {
    turnId,
    people,
    asker: people.find(({ inboxId }) => inboxId === writers.at(-1)),
    mandate: {
      requirePerson,
      requireNamed: (addresses) => {
        requirePerson();
        const unknown = addresses.filter((address) => !namedAddresses.namedBy(address).some(isPerson));
        if (unknown.length > 0) throw new ToolError(unnamed(unknown));
      },
      requireUntainted: () => {
        requirePerson();
        if (isTainted) throw new ToolError(TAINTED);
      },
    },
  };
}
