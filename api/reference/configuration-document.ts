import { GatewayEnvironment, isRequired } from "../config.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/reference/configuration.md`. */
export function configurationDocument(): string {
  const rows = Object.entries(GatewayEnvironment.properties).map(([name, schema]) => [
    `\`${name}\``,
    "default" in schema ? `\`${String(schema.default)}\`` : isRequired(name) ? "required" : "–",
    "description" in schema ? String(schema.description) : "",
  ]);
  return `# Configuration of the gateway

Made from \`api/config.ts\`; \`npx vitest run api/reference -u\` writes it anew.

Read once from the environment when \`api/main.ts\` starts. An empty variable counts as not set. A missing or invalid
one, or an unknown one that begins with \`API_\`, ends the start with the names of all that are wrong; values are never
printed.

${markdownTable(["variable", "default", "what it is"], rows)}
`;
}
