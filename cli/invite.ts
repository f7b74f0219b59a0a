import { renderUnicodeCompact } from "uqr";
import { FreshInvite } from "./api-types.ts";
import { type Command, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";

export const invite: Command = {
  summary: "show a new invite into a claim's conversation",
  usage: `usage: invite CLAIM [options]

Locking a conversation makes all its earlier invites useless; this one belongs to the conversation as it is now.
${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(context.args, {}, 1);
  const [id] = positionals;
  if (id === undefined) throw new UsageError("which claim? `npm run claim` names it");
  if (!/^[a-z0-9]{20}$/.test(id)) throw new UsageError("a claim id has 20 characters of a–z and 0–9");
  const api = await openApi(context, values.state);
  const request = { method: "POST", signal: context.signal } as const;
  const { inviteUrl } = await api.call(FreshInvite, `/api/claims/${id}/invite`, request);
  context.output.tell(
    { event: "invite", claimId: id, inviteUrl },
    `${renderUnicodeCompact(inviteUrl)}\n${inviteUrl}`,
  );
  return EXIT.ok;
}
