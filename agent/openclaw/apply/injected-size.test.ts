import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TEMPLATE_DIR } from "../../server/gateway/paths.ts";

/** The files of a workspace that openclaw puts into the model's request at each turn, of those we give an agent. */
const INJECTED = ["AGENTS.md", "SOUL.md", "IDENTITY.md", "USER.md"] as const;
/** About 3,000 tokens, paid for with every turn. */
const INJECTED_MAX_CHARS = 12_000;
/** openclaw cuts this one off beyond here, whatever its configuration says. */
const USER_MAX_CHARS = 4_000;

describe("what our template adds to each request of the model", () => {
  it("stays below the limit", async () => {
    const texts = await Promise.all(
      INJECTED.map((name) => readFile(join(TEMPLATE_DIR, "workspace", name), "utf8")),
    );
    const sizes = texts.map((text) => text.length);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(INJECTED_MAX_CHARS);
    expect(sizes[INJECTED.indexOf("USER.md")]).toBeLessThan(USER_MAX_CHARS);
  });
});
