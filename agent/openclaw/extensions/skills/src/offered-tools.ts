import { readFileSync } from "node:fs";

/** Written beside this extension by the server when it starts a gateway: the tools of the skills that are configured. */
const FILE = new URL("../tools.json", import.meta.url);

export interface OfferedTool {
  name: string;
  description: string;
  /** JSON Schema. */
  parameters: Record<string, unknown>;
  timeoutMs: number;
}

export const readOfferedTools = (): OfferedTool[] => JSON.parse(readFileSync(FILE, "utf8"));
