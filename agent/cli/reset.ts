import { existsSync, rmSync } from "node:fs";
import { endLeftoverGateway } from "../server/gateway/start-gateway.ts";
import type { StatePaths } from "../server/state/paths.ts";
import { wipe } from "../server/state/wipe.ts";
import { type Command, CommandError, EXIT, UsageError } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { placesOf, readSettings } from "./settings.ts";
import { withStateFolder } from "./state-folder.ts";

export const reset: Command = {
  summary: "wipe the agent's state folder",
  usage: `usage: reset --yes [options]

Wipes everything below STATE_DIR: keys of XMTP, conversation, workspace. Nobody can get it back, and the agent leaves no
conversation by it; to end one properly, explode it. The file of settings and what it was provisioned with stay.
Refused while an agent's process holds the folder.

  --yes             do it
${COMMON_USAGE}`,
  async run(context) {
    const { values, envFile } = parseOptions(context, { yes: { type: "boolean", default: false } });
    const { stateDir, gatewayUid } = placesOf(readSettings(new EnvFile(envFile), context.env));
    if (!values.yes) throw new UsageError(`this wipes ${stateDir} for good; say --yes to do it`);
    const existed = existsSync(stateDir);
    if (existed)
      await withStateFolder(stateDir, async (paths) => {
        if (!isAgents(paths)) throw new CommandError(`${stateDir} is not the state folder of an agent`);
        await endLeftoverGateway(paths.gateway, gatewayUid);
        wipe(paths);
        rmSync(paths.tombstone, { force: true });
      });
    context.output.tell(
      { event: "reset", stateDir, existed },
      existed ? `Wiped ${stateDir}.` : `There is nothing at ${stateDir}.`,
    );
    return EXIT.ok;
  },
};

/** So that a wrong STATE_DIR costs nobody a folder of something else. */
const isAgents = ({ database, identity, tombstone, gateway }: StatePaths): boolean =>
  [database, identity, tombstone, `${gateway}/openclaw.json`].some((path) => existsSync(path));
