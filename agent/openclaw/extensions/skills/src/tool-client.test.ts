import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createToolClient, type UseTool } from "./tool-client.ts";

let server: Server;
let use: UseTool;
let answer: (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;
let progress: string[];

beforeEach(async () => {
  progress = [];
  server = createServer((request, response) => void answer(response, request));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  use = createToolClient({ url: `http://127.0.0.1:${address.port}/skills`, token: "secret" });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const request = { callId: "c", params: { words: "naïve" } };
const useIt = (signal?: AbortSignal) =>
  use("read_it", request, { signal, timeoutMs: 5_000, progress: (line) => progress.push(line) });

it("asks with the token, and passes on what it is told meanwhile", async () => {
  const seen = Promise.withResolvers<unknown[]>();
  answer = async (response, { url, headers, method }) => {
    seen.resolve([method, url, headers.authorization]);
    response.write('{"progress":"half"}\n\n{"progress":"most"}\n');
    response.end('{"text":"done"}\n');
  };
  expect(await useIt()).toEqual({ text: "done", images: [] });
  expect(progress).toEqual(["half", "most"]);
  expect(await seen.promise).toEqual(["POST", "/skills/tools/read_it", "Bearer secret"]);
});

it("sends the parameters as they are", async () => {
  answer = async (response, asked) => void response.end(`${JSON.stringify({ text: await text(asked) })}\n`);
  expect(JSON.parse((await useIt()).text)).toEqual(request);
});

it("puts lines together that come in pieces, also within a letter", async () => {
  const base64 = "A".repeat(3_000_000);
  const image = { mimeType: "image/png", base64 };
  const lines = Buffer.from(`{"progress":"né"}\n${JSON.stringify({ text: "ça va", images: [image] })}\n`);
  const cuts = [0, 15, 16, 40, 1_000_000, 2_999_999, lines.length];
  answer = async (response) => {
    for (const [index, cut] of cuts.slice(1).entries()) {
      const piece = lines.subarray(cuts[index], cut);
      await new Promise((resolve) => response.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
  expect(await useIt()).toEqual({ text: "ça va", images: [image] });
  expect(progress).toEqual(["né"]);
});

it("throws what the tool says for the model", async () => {
  answer = (response) => void response.end('{"progress":"so far"}\n{"refusal":"Name a page."}\n');
  await expect(useIt()).rejects.toThrow("Name a page.");
  expect(progress).toEqual(["so far"]);
});

it.each([
  [413, "That is too much"],
  [401, "cannot be used now"],
  [500, "cannot be used now"],
])("says what a status of %i means", async (status, words) => {
  answer = (response) => void response.writeHead(status).end("{}");
  await expect(useIt()).rejects.toThrow(words);
});

it.each([
  ["ends without an answer", (response: ServerResponse) => void response.end('{"progress":"x"}\n')],
  [
    "breaks off in it",
    (response: ServerResponse) => void response.write('{"text":', () => response.destroy()),
  ],
  ["breaks off before it", (response: ServerResponse) => void response.destroy()],
])("does not let the model believe that nothing was done when it %s", async (_, broken) => {
  answer = broken;
  await expect(useIt()).rejects.toThrow("it is not known what it has done. Do not repeat it.");
});

it("ends with whoever waits", async () => {
  const gone = Promise.withResolvers<void>();
  const client = new AbortController();
  answer = (response) => {
    response.once("close", () => gone.resolve());
    response.write('{"progress":"x"}\n', () => client.abort());
  };
  await expect(useIt(client.signal)).rejects.toThrow();
  await gone.promise;
});
