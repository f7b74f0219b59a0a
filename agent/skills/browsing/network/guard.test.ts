import { describe, expect, it } from "vitest";
import { createGuard, RefusedError } from "./guard.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "good.example": ["93.184.215.14"],
  "inside.example": ["10.1.2.3"],
  "mixed.example": ["93.184.215.14", "127.0.0.1"],
  localhost: ["127.0.0.1", "::1"],
};
const guard = createGuard({
  allowedPages: ["http://127.0.0.1:8080/web-tools/", "https://127.0.0.1:9443/"],
  resolve: async (host) => NAMES[host] ?? [],
});
const request = (url: string): Promise<unknown> => guard.ofRequest(new URL(url));

describe("the guard of the network", () => {
  it.each([
    ["http://good.example/", { address: "93.184.215.14", port: 80 }],
    ["http://good.example:8080/a?b", { address: "93.184.215.14", port: 8080 }],
    ["http://8.8.8.8/", { address: "8.8.8.8", port: 80 }],
    ["http://[2606:4700::1111]/", { address: "2606:4700::1111", port: 80 }],
    ["http://127.0.0.1:8080/web-tools/form?x=1", { address: "127.0.0.1", port: 8080 }],
  ])("lets %s through, to the address that was checked", async (url, destination) => {
    expect(await request(url)).toEqual(destination);
  });

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://localhost/",
    "http://inside.example/",
    "http://mixed.example/",
    "http://unknown.example/",
    "http://good.example:22/",
    "http://good.example:25/",
    "http://127.0.0.1:8080/pool/explode",
    "http://127.0.0.1:8080/web-tools/../pool/explode",
    "http://127.0.0.1:8080/web-tools/%2e%2e/pool/explode",
    "http://127.0.0.1:8081/web-tools/form",
    "ftp://good.example/",
  ])("refuses %s", async (url) => {
    await expect(request(url)).rejects.toThrow(RefusedError);
  });

  it.each([
    ["good.example:443", { address: "93.184.215.14", port: 443 }],
    ["127.0.0.1:9443", { address: "127.0.0.1", port: 9443 }],
  ])("lets a tunnel to %s through", async (authority, destination) => {
    expect(await guard.ofTunnel(authority)).toEqual(destination);
  });

  it.each([
    "127.0.0.1:8080",
    "localhost:443",
    "[::1]:443",
    "2130706433:443",
    "good.example:5432",
    "a b:443",
    "",
  ])("refuses a tunnel to '%s', in which no path would be seen", async (authority) => {
    await expect(guard.ofTunnel(authority)).rejects.toThrow(RefusedError);
  });
});
