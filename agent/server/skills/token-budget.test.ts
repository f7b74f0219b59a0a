import { expect, it } from "vitest";
import { openEverySkill } from "./testing/every-skill.ts";
import { requestShare } from "./testing/request-share.ts";

/** Paid for with every request to the model, whether a skill is used or not. */
const BUDGET_TOKENS = 6_000;
/** Beyond this openclaw shortens the descriptions. */
const LISTING_MAX_CHARS = 18_000;

it("the ten skills together stay within their budget of each request to the model", async () => {
  await using every = openEverySkill();
  const { tools, listing, tokens } = await requestShare(every.skills);
  for (const { name, tools: own } of every.skills) {
    expect(listing).toContain(`<name>${name}</name>`);
    for (const tool of own) expect(tools).toContain(`"name":"${tool.name}","description":"`);
  }
  expect(listing.length).toBeLessThan(LISTING_MAX_CHARS);
  expect(tokens.tools + tokens.listing).toBeLessThanOrEqual(BUDGET_TOKENS);
});
