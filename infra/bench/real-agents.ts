import type { Summary } from "./percentiles.ts";

export async function benchRealAgents(_options: {
  agents: number;
  say: (text: string) => void;
  row: (what: string, summary: Summary, load: number) => void;
  note: (text: string) => void;
}): Promise<void> {}
