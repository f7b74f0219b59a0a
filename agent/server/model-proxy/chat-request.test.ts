import { expect, it } from "vitest";
import { parseChatRequest } from "./chat-request.ts";

const WORDS = { role: "user", content: "Hello" };
const PICTURE = {
  role: "user",
  content: [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
  ],
};
const pinned = (document: object, models: Partial<Parameters<typeof parseChatRequest>[1]> = {}) => {
  const chat = parseChatRequest(Buffer.from(JSON.stringify(document)), { modelId: "main", ...models });
  return chat && { model: chat.model, sent: JSON.parse(chat.pinned.toString("utf8")) };
};

it.each([
  ["a model of the client's choice", "other/model", [WORDS], "main"],
  ["the judge", "judge", [WORDS], "judge"],
  ["the judge, whatever it is shown", "judge", [PICTURE], "judge"],
  ["a picture", "main", [PICTURE], "eyes"],
  ["a picture before later words", "main", [PICTURE, { role: "assistant", content: "A cat" }, WORDS], "eyes"],
])("pins %s", (_, model, messages, expected) => {
  const models = { judgeModelId: "judge", visionModelId: "eyes" };
  expect(pinned({ model, messages }, models)?.sent.model).toBe(expected);
});

it("lets a model see that is its own judge, as it is by default", () => {
  const models = { judgeModelId: "main", visionModelId: "eyes" };
  expect(pinned({ model: "main", messages: [PICTURE] }, models)?.model).toBe("eyes");
  expect(pinned({ model: "main", messages: [WORDS] }, models)?.model).toBe("main");
});

it("names the fallbacks after the model, each once, and none of the client's", () => {
  const overrides = { models: ["costly"], route: "fallback", provider: {}, plugins: [], preset: "x" };
  const asked = { model: "main", messages: [WORDS], ...overrides };
  expect(pinned(asked, { fallbackModelIds: ["second", "main", "third"] })?.sent).toEqual({
    ...{ model: "main", messages: [WORDS] },
    models: ["main", "second", "third"],
  });
  expect(pinned(asked, { fallbackModelIds: ["main"] })?.sent).toEqual({ model: "main", messages: [WORDS] });
});

it.each(["nothing", "[]", '{"model":"main"}', '{"messages":[]}', '{"model":1,"messages":[]}'])(
  "refuses %s",
  (body) => {
    expect(parseChatRequest(Buffer.from(body), { modelId: "main" })).toBeUndefined();
  },
);
