import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { storePicture } from "../state/picture-file.ts";
import { createPictureRoute } from "./picture-route.ts";

/** More than a connection holds, so that who does not read it is still being served. */
const PICTURE = Buffer.alloc(10 * 1024 * 1024, "walrus");
const AT_ONCE = 64;

let folder: string;
let server: Server;
let url: string;
let failures: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "picture-route-"));
  failures = [];
  const find = createPictureRoute(join(folder, "pictures"));
  server = createServer((request, response) => {
    const route = find(request.url ?? "", request.method ?? "");
    if (route === undefined) response.writeHead(404).end();
    else route(request, response).catch((error: unknown) => failures.push(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}/pictures/${storePicture(join(folder, "pictures"), PICTURE)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const begin = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on("error", reject);
  });

it("serves so many at once and no more, and goes on when they have gone", async () => {
  const readers = await Promise.all(Array.from({ length: AT_ONCE }, begin));
  expect(readers.map(({ statusCode }) => statusCode)).toEqual(readers.map(() => 200));
  const refused = await fetch(url);
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: "busy" }]);
  for (const reader of readers) reader.destroy();
  const served = await eventually("a free place", async () => {
    const response = await fetch(url);
    return response.status === 200 && response;
  });
  expect(Buffer.from(await served.arrayBuffer()).equals(PICTURE)).toBe(true);
  expect(failures).toEqual([]);
});

it("takes the place of an earlier picture", async () => {
  const id = storePicture(join(folder, "pictures"), Buffer.from("another"));
  expect((await fetch(url)).status).toBe(404);
  expect(await (await fetch(new URL(id, url))).text()).toBe("another");
});
