import type { TObject } from "typebox";
import { AgentEnvironment } from "../../agent/server/config.ts";
import { GatewayEnvironment } from "../../api/config.ts";
import { WorkerEnvironment } from "../../workers/config.ts";
import { isRequired } from "../config/environment.ts";
import { USAGE } from "../local/options.ts";
import { ComposeSettings, LiveSettings, LocalSettings } from "../local/settings-schema.ts";
import { limitsOf } from "./limits-of.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/reference/configuration.md`. */
export function configurationDocument(): string {
  return `# Configuration

Made from the schemas; \`npx vitest run infra/reference -u\` writes it anew.

Every program reads its environment once, when it starts. An empty variable counts as not set. One that is missing or
invalid ends the start with the names of all that are wrong, and so does an unknown one whose name only that program
would use (\`API_…\` the gateway, \`POOL_…\` or \`COMPUTE_…\` a worker); values are never printed. Times, sizes and
counts are whole numbers, in the unit that the name ends with.

## The local stack

\`\`\`text
${USAGE.trimEnd()}
\`\`\`

\`npm start\` reads \`.env\` in the repository, below its own environment. A name in that file that nothing reads is refused.
Beside these, every variable of the gateway and the workers may stand there, except what the stack decides itself: addresses,
keys, \`POOL_TARGET\`, \`POOL_RETARGET\`, \`COMPUTE\` and what belongs to it.

${table(LocalSettings)}

\`npm run test:live\` reads these beside what it shares with the stack; \`docs/guides/live-tests.md\` says which skill needs what.

${table(LiveSettings)}

## Docker Compose

\`docker-compose.temporal.yml\` reads the same file: these, and variables of the gateway and the workers.

${table(ComposeSettings)}

## The gateway

\`api/main.ts\`, from \`api/config.ts\`.

${table(GatewayEnvironment)}

## The workers

\`workers/main.ts\` and \`workers/claims-main.ts\`, from \`workers/config.ts\`.

${table(WorkerEnvironment)}

## An agent

\`agent/server/main.ts\`, from \`agent/server/config.ts\`. The workers set all of it: what is the same for every agent comes
from \`AGENT_ENVIRONMENT\`. Secrets come as one line of JSON on standard input.

${table(AgentEnvironment)}

## The command line

\`API_URL\` and \`API_KEY\` name another gateway than the one that runs here, \`XMTP_ENV\` and \`XMTP_API_URL\` another network
for \`chat\`. Without them the commands read \`credentials.json\` in the state folder (\`--state\`).
`;
}

function table(schema: TObject): string {
  const rows = Object.entries(schema.properties).map(([name, property]) => [
    `\`${name}\``,
    "default" in property ? `\`${String(property.default)}\`` : isRequired(schema, name) ? "required" : "–",
    limitsOf(property),
    "description" in property ? String(property.description) : "",
  ]);
  return markdownTable(["variable", "default", "limits", "what it is"], rows);
}
