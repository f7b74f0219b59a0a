import { afterEach, beforeEach, expect, it } from "vitest";
import { TestDouble } from "../testing.ts";

let test: TestDouble;
let secret: string;
beforeEach(async () => {
  test = await TestDouble.start();
  ({ secret } = await test.createKey());
});
afterEach(() => test.close());

const ask = (text: string, fields: Record<string, unknown> = {}) =>
  test.chat(secret, text, { model: "perplexity/sonar", ...fields });
const MESSAGE = ["choices", 0, "message"] as const;

it("answers from the standard table with annotations, and other models do not", async () => {
  const answer = await ask("How tall is the EIFFEL tower?");
  expect(answer.at(...MESSAGE, "content")).toContain("330 metres");
  expect(answer.at(...MESSAGE, "annotations", 0)).toEqual({
    type: "url_citation",
    url_citation: {
      url: "https://www.toureiffel.paris/en/the-monument",
      title: "The Eiffel Tower",
      start_index: 0,
      end_index: 0,
    },
  });
  expect(answer.at("citations")).toBeUndefined();
  const other = await test.chat(secret, "How tall is the Eiffel tower?");
  expect(other.at(...MESSAGE, "annotations")).toBeUndefined();
});

it("filters by age on the virtual clock and by site, subdomains included", async () => {
  await test.set({ passesSearchLists: true });
  const urls = async (fields: Record<string, unknown>) =>
    (await ask("Lisbon weather", fields)).at("citations");
  const [fresh, old] = [
    "https://www.ipma.pt/en/otempo/prev.localidade.hora/",
    "https://weather.example.org/lisbon",
  ];
  expect(await urls({})).toEqual([fresh, old]);
  expect(await urls({ search_recency_filter: "hour" })).toEqual([fresh]);
  expect(await urls({ search_domain_filter: ["example.org"] })).toEqual([old]);
  const none = await ask("Lisbon weather", { search_domain_filter: ["ample.org"] });
  expect(none.at(...MESSAGE, "content")).toMatch(/found nothing/);
  expect((await ask("Lisbon", { search_recency_filter: "eon" })).status).toBe(400);
});

it("can be given another table, and carries annotations in a stream", async () => {
  const entries = [
    { words: ["moon"], text: "It is far. [1]", sources: [{ url: "https://nasa.gov/", ageHours: 0 }] },
  ];
  const taken = await test.call("PUT", "/__double/openrouter/search", null, { entries });
  expect([taken.status, taken.at("entries")]).toEqual([200, 1]);
  expect((await ask("Eiffel tall?")).at(...MESSAGE, "content")).toMatch(/no reliable/);
  const response = await test.fetch("POST", "/chat/completions", secret, {
    model: "perplexity/sonar",
    stream: true,
    messages: [{ role: "user", content: "moon?" }],
  });
  const text = await response.text();
  expect(text).toContain('"annotations":[{"type":"url_citation","url_citation":{"url":"https://nasa.gov/"');
  const wrong = await test.call("PUT", "/__double/openrouter/search", null, { entries: [{ words: [] }] });
  expect(wrong.status).toBe(400);
});
