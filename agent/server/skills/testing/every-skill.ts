import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Skill } from "../../../skills/kit/skill.ts";
import { parseConfig } from "../../config.ts";
import { openAgentState } from "../../state/agent-state.ts";
import { openDatabase } from "../../state/database.ts";
import { prepareStateDir, statePaths } from "../../state/paths.ts";
import { createAgentSkills } from "../agent-skills.ts";
import { createEquipment } from "../equipment.ts";

/** Nobody answers there, and nobody is asked: what a tool is offered as does not depend on its provider. */
const NOWHERE = "http://127.0.0.1:9";
const STATE_KEY = "0".repeat(64);

/** The skills as an agent makes them before any has shown whether it is configured. Disposing ends what they began. */
export function openEverySkill(): { skills: readonly Skill[] } & AsyncDisposable {
  const root = mkdtempSync(join(tmpdir(), "every-skill-"));
  const paths = statePaths(join(root, "state"));
  prepareStateDir(paths, false);
  const config = parseConfig({
    ...{ INSTANCE_ID: "i00000000000", EPOCH: "1", GENERATION: "test", STANDALONE: "on" },
    ...{ STATE_DIR: paths.root, XMTP_ENV: "local", MODEL_BASE_URL: NOWHERE, MODEL_ID: "model" },
  });
  const database = openDatabase(paths.database);
  const agentSkills = createAgentSkills({
    ...{ config, paths, state: openAgentState(database, paths, STATE_KEY, config.epoch) },
    keys: { instanceSecret: "secret", modelKey: "key" },
    equipment: createEquipment({ ...config, instanceSecret: "secret", standalone: {} }),
    brain: { outOfCredit: false, exhausted: () => undefined },
    ownPort: () => undefined,
    context: async () => undefined,
    takeOutside: () => true,
    onQueued: () => undefined,
    onMessage: () => undefined,
    log: () => undefined,
  });
  return {
    skills: agentSkills.host.offered(),
    [Symbol.asyncDispose]: async () => {
      await agentSkills.stop();
      database.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
