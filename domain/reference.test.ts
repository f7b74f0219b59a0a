import { expect, it } from "vitest";
import { BINDING_TRANSITIONS } from "./binding-state.ts";
import { CLAIM_TRANSITIONS } from "./claim-state.ts";
import { INSTANCE_TRANSITIONS } from "./instance-state.ts";
import { RESOURCE_TRANSITIONS } from "./resource-state.ts";
import type { TransitionTable } from "./transition-table.ts";

const TABLES: Readonly<Record<string, TransitionTable<string>>> = {
  Instance: INSTANCE_TRANSITIONS,
  Claim: CLAIM_TRANSITIONS,
  Binding: BINDING_TRANSITIONS,
  Resource: RESOURCE_TRANSITIONS,
};

function diagram([title, table]: [string, TransitionTable<string>]): string {
  const arrows = Object.entries(table).flatMap(([from, to]) =>
    to.length === 0 ? [`  ${from} --> [*]`] : to.map((next) => `  ${from} --> ${next}`),
  );
  return `## ${title}\n\n\`\`\`mermaid\nstateDiagram-v2\n${arrows.join("\n")}\n\`\`\`\n`;
}

it("the reference of the states shows the tables that code and SQL use", async () => {
  const text = [
    "# States\n",
    "Made from `domain/*-state.ts`; `npx vitest run domain/reference -u` writes it anew. Postgres refuses every other move.\n",
    ...Object.entries(TABLES).map(diagram),
  ].join("\n");
  await expect(text).toMatchFileSnapshot("../docs/reference/states.md");
});
