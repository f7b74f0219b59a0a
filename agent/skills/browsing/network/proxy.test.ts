import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Site, startSite } from "../testing/site.ts";
import { type GuardProxy, startGuardProxy } from "./proxy.ts";

describe("the proxy of the browser", () => {
  let site: Site;
  let proxy: GuardProxy;
  let lookups = 0;

  beforeAll(async () => {
    site = await startSite((incoming, response) => {
      response.writeHead(200, {
        "x-seen": JSON.stringify(incoming.headers),
        connection: "x-private",
        "x-private": "1",
      });
      incoming.pipe(response);
    });
    proxy = await startGuardProxy({
      allowedPages: [`${site.url}/open/`],
      resolve: async () => {
        lookups += 1;
        // Public when it is checked, and this machine when somebody looks again.
        return lookups === 1 ? ["192.0.2.1"] : ["127.0.0.1"];
      },
      isReachable: (address) => address === "192.0.2.1",
    });
  });
  afterAll(async () => {
    await proxy?.close();
    await site?.close();
  });

  const send = async (url: string, body = "", headers: Record<string, string> = {}) => {
    const sent = request({ host: "127.0.0.1", port: proxy.port, path: url, method: "POST", headers });
    sent.end(body);
    const [answer] = await once(sent, "response");
    return { status: Number(answer.statusCode), headers: answer.headers, body: await text(answer) };
  };
  const tunnel = async (authority: string): Promise<string> => {
    const socket = connect(proxy.port, "127.0.0.1");
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`);
    const [first] = await once(socket, "data");
    socket.destroy();
    return String(first).split("\r\n", 1)[0] ?? "";
  };

  it("passes a request on, without what is between the browser and itself", async () => {
    const answer = await send(`${site.url}/open/a?b=1`, "hello", {
      "proxy-authorization": "secret",
      "x-kept": "yes",
    });
    expect(answer).toMatchObject({ status: 200, body: "hello" });
    expect(answer.headers["x-private"]).toBeUndefined();
    const seen = JSON.parse(String(answer.headers["x-seen"]));
    expect(seen["proxy-authorization"]).toBeUndefined();
    expect(seen).toMatchObject({ "x-kept": "yes", host: `127.0.0.1:${site.port}` });
    expect(site.requests.at(-1)).toBe("POST /open/a?b=1");
  });

  it("refuses what is not allowed, says so once, and asks nothing there", async () => {
    const before = site.requests.length;
    expect(await send(`${site.url}/other`)).toMatchObject({ status: 403 });
    expect(await tunnel(`127.0.0.1:${site.port}`)).toBe("HTTP/1.1 403 Forbidden");
    expect(await tunnel("[::1]:443")).toBe("HTTP/1.1 403 Forbidden");
    expect(await send("/not-a-proxy-request")).toMatchObject({ status: 400 });
    expect(site.requests).toHaveLength(before);
    expect(proxy.takeRefusals()).toHaveLength(2);
    expect(proxy.takeRefusals()).toEqual([]);
  });

  it("connects to the address that it checked and looks a name up only once", async () => {
    const sent = request({ host: "127.0.0.1", port: proxy.port, path: "http://rebinding.example/" });
    // How it ends depends on the network of this machine.
    sent.on("error", () => undefined);
    sent.end();
    await expect.poll(() => lookups).toBe(1);
    sent.destroy();
    expect(lookups).toBe(1);
    expect(await send("http://rebinding.example/")).toMatchObject({ status: 403 });
    expect(lookups).toBe(2);
  });

  it("carries bytes through an allowed tunnel", async () => {
    const echo = await startSite({ "/": "through" });
    const open = await startGuardProxy({ allowedPages: [`https://127.0.0.1:${echo.port}/`] });
    const socket = connect(open.port, "127.0.0.1");
    socket.write(`CONNECT 127.0.0.1:${echo.port} HTTP/1.1\r\n\r\n`);
    await once(socket, "data");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await text(socket)).toContain("through");
    await open.close();
    await echo.close();
  });
});
