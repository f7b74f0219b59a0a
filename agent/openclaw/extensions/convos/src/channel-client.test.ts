import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CHANNEL_LIMITS } from "../../../../server/loopback/channel-api.ts";
import { createLoopbackServer, type LoopbackServer } from "../../../../server/loopback/server.ts";
import { aTurn, createQueuedTurns, type QueuedTurns } from "../../../../server/loopback/testing/queue.ts";
import { createChannelClient } from "./channel-client.ts";
import { beginTurn, endTurn, sendInTurn } from "./current-turn.ts";
import { SENDING_LIMITS } from "./own-file.ts";

let turns: QueuedTurns;
let server: LoopbackServer;

beforeEach(async () => {
  turns = createQueuedTurns();
  server = await createLoopbackServer({
    turnSource: turns,
    model: { baseUrl: "http://127.0.0.1:9", key: "key", modelId: "m" },
    log: () => undefined,
  });
});
afterEach(async () => {
  endTurn();
  await server.close();
});

const client = (token = server.token) => createChannelClient({ url: `${server.url}/channel`, token });
const patience = () => AbortSignal.timeout(10_000);

describe("the extension's side of the channel", () => {
  it("takes turns from the real server and completes them, whatever the id looks like", async () => {
    const answer = turns.run(aTurn("hello", { turnId: "a/b?c" }));
    const turn = await client().next(patience());
    expect(turn).toMatchObject({ turnId: "a/b?c", messages: [{ text: "hello" }] });
    await client().complete("a/b?c", { text: "hi" });
    expect(await answer).toEqual({ text: "hi" });
  });

  it("says with which status it was refused, and when nobody is there", async () => {
    await expect(client("wrong").next(patience())).rejects.toMatchObject({ status: 401 });
    await expect(client().complete("t", { text: "x".repeat(100_000) })).rejects.toMatchObject({
      status: 400,
    });
    const gone = client();
    await server.close();
    await expect(gone.next(patience())).rejects.toMatchObject({ status: 0 });
  });

  it("sends into the running turn with keys that a repeated run makes again, whatever its words", async () => {
    await expect(sendInTurn({ kind: "text", text: "nobody listens" })).rejects.toThrow("no turn");
    for (const words of [
      ["on it", "on it", "nearly"],
      ["I begin", "I go on", "soon"],
    ]) {
      beginTurn("turn", client());
      for (const text of words) await sendInTurn({ kind: "text", text });
    }
    const keys = turns.sent.map(({ key }) => key);
    expect(keys.slice(0, 3)).toEqual(keys.slice(3));
    expect(new Set(keys).size).toBe(3);
    expect(turns.sent.every(({ turnId }) => turnId === "turn")).toBe(true);
  });
});

it("sends no more than the server takes", () => {
  expect(CHANNEL_LIMITS).toMatchObject(SENDING_LIMITS);
});
