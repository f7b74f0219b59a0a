import { explodeConversation } from "../../agent/convos/explode-conversation.ts";
import { lockGroup, unlockGroup } from "../../agent/convos/lock.ts";
import { CommandError } from "../command.ts";
import type { Output } from "../output.ts";
import type { Conversation } from "./conversation.ts";

export const SLASH_HELP = `/members  who is here        /lock    let nobody else in
/explode  end it for all     /unlock  let people in again
/quit     leave the chat     /help    this text`;

type SlashCommand = (conversation: Conversation, output: Output) => Promise<"done" | "quit">;

const ROLES = ["member", "admin", "super admin"] as const;

const SLASH_COMMANDS: Readonly<Record<string, SlashCommand>> = {
  "/help": async (_conversation, output) => {
    output.tell({ event: "help" }, SLASH_HELP);
    return "done";
  },
  "/quit": async () => "quit",
  "/members": async (conversation, output) => {
    await conversation.group.sync();
    await conversation.refreshProfiles();
    const members = (await conversation.group.members()).map(({ inboxId, permissionLevel }) => ({
      ...conversation.member(inboxId),
      role: ROLES[permissionLevel] ?? "member",
    }));
    const lines = members.map(
      ({ name, role, isAgent, isSelf }) =>
        `  ${name}${isAgent ? " (agent)" : ""}${isSelf ? " (you)" : ""}: ${role}`,
    );
    output.tell({ event: "members", members }, lines.join("\n"));
    return "done";
  },
  "/lock": async (conversation, output) => {
    await asSuperAdmin(conversation, "lock it");
    await lockGroup(conversation.group);
    output.tell({ event: "locked" }, "* Nobody else gets in; all invites are void.");
    return "done";
  },
  "/unlock": async (conversation, output) => {
    await asSuperAdmin(conversation, "unlock it");
    await unlockGroup(conversation.group);
    output.tell({ event: "unlocked" }, "* People may be let in again, with new invites.");
    return "done";
  },
  "/explode": async (conversation, output) => {
    await asSuperAdmin(conversation, "explode it");
    const { failures } = await explodeConversation(conversation.group, { inboxId: conversation.ownInboxId });
    const failed = failures.map(({ step }) => step);
    output.tell(
      { event: "exploded", failed },
      failed.length === 0
        ? "* The conversation is over for everybody."
        : `* The conversation is ending, but these steps failed: ${failed.join(", ")}.`,
    );
    if (failed.includes("announce"))
      throw new CommandError("the end could not be announced", { hint: "Try again." });
    return "quit";
  },
};

/** Runs the command, or says which there are. */
export async function runSlashCommand(
  line: string,
  conversation: Conversation,
  output: Output,
): Promise<"done" | "quit"> {
  const run = Object.hasOwn(SLASH_COMMANDS, line) ? SLASH_COMMANDS[line] : undefined;
  if (!run) throw new CommandError(`there is no command ${line.split(" ", 1)[0]}`, { hint: SLASH_HELP });
  return run(conversation, output);
}

async function asSuperAdmin({ group, ownInboxId }: Conversation, what: string): Promise<void> {
  await group.sync();
  if (group.isSuperAdmin(ownInboxId)) return;
  throw new CommandError(`only a super admin of the conversation may ${what}`, {
    hint: "The first person to join by the claim's invite is one; /members shows who is.",
  });
}
