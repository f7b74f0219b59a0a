import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { qrEncoderFile } from "../../../../server/gateway/paths.ts";
import { loadAssets } from "./assets.ts";
import { createHandler } from "./handler.ts";
import { ROUTES } from "./routes.ts";

const assets = loadAssets(qrEncoderFile());
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer(createHandler(assets));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  port = address.port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Sends the path as it is, which `fetch` would normalise. */
const ask = (
  path: string,
  method = "GET",
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> =>
  new Promise((resolve, reject) => {
    httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => {
        body += part.toString();
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on("error", reject)
      .end();
  });

const expectSecurityHeaders = (headers: IncomingHttpHeaders): void => {
  expect(headers["content-security-policy"]).toContain("default-src 'none'");
  expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  expect(headers["content-security-policy"]).not.toContain("unsafe");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
};

describe.each(ROUTES.map((route) => [route.path, route] as const))("%s", (path, { type }) => {
  it("is served with its type and with nothing that a browser may run from elsewhere", async () => {
    const { status, headers, body } = await ask(path);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe(type);
    expect(Number(headers["content-length"])).toBe(Buffer.byteLength(body));
    expect(body.length).toBeGreaterThan(100);
    expectSecurityHeaders(headers);
  });

  it("answers HEAD like GET but without the content, and keeps the query out of it", async () => {
    const get = await ask(`${path}?i=1`);
    const head = await ask(path, "HEAD");
    expect([head.status, head.body]).toEqual([200, ""]);
    for (const name of ["content-type", "content-length", "etag", "cache-control"]) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  it("takes nothing from anybody", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const { status, headers } = await ask(path, method);
      expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
      expectSecurityHeaders(headers);
    }
  });
});

describe("the pages", () => {
  it("are never kept, while what they are made of is asked for anew and sent once", async () => {
    for (const page of ["/web-tools/form", "/web-tools/agents"]) {
      expect((await ask(page)).headers["cache-control"]).toBe("no-store");
      expect((await ask(page)).headers.etag).toBeUndefined();
    }
    const { headers } = await ask("/web-tools/agents/app.js");
    expect(headers["cache-control"]).toBe("no-cache");
    const again = await ask("/web-tools/agents/app.js", "GET", { "if-none-match": String(headers.etag) });
    expect([again.status, again.body]).toEqual([304, ""]);
    expect((await ask("/web-tools/agents/app.js", "GET", { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("have one address each", async () => {
    for (const page of ["/web-tools/form", "/web-tools/agents"]) {
      const { status, headers } = await ask(`${page}/`);
      expect([status, headers.location]).toEqual([308, page]);
    }
  });

  it("let the service worker serve the landing page, which has no trailing slash", async () => {
    const { headers } = await ask("/web-tools/agents/sw.js");
    expect(headers["service-worker-allowed"]).toBe("/web-tools/agents");
    const worker = assets.get("/web-tools/agents/sw.js")?.body.toString() ?? "";
    const kept = [...worker.matchAll(/"(\/web-tools\/[^"]+)"/g)].map(([, path]) => path);
    const landing = ROUTES.map(({ path }) => path).filter(
      (path) => /\/(agents|shared)/.test(path) && !path.endsWith("/sw.js"),
    );
    expect(kept.sort()).toEqual(landing.sort());
  });

  it("are installable", async () => {
    const { body } = await ask("/web-tools/agents/manifest.json");
    const manifest: unknown = JSON.parse(body);
    expect(manifest).toMatchObject({
      start_url: "/web-tools/agents",
      scope: "/web-tools/agents",
      display: "standalone",
      icons: [{ src: "/web-tools/agents/icon.svg", type: "image/svg+xml" }, { purpose: "maskable" }],
    });
  });
});

describe("whatever else is asked for", () => {
  it.each([
    "/web-tools",
    "/web-tools/",
    "/web-tools/forms",
    "/web-tools/form/../agents",
    "/web-tools/form/%2e%2e/agents",
    "/web-tools/form/..%2fagents",
    "/web-tools/form/..\\agents",
    "/web-tools/%66orm",
    "/web-tools//form",
    "/web-tools/../../etc/passwd",
    "/web-tools/shared/../../src/handler.ts",
    "/web-tools/index.ts",
    "/web-tools/agents/index.html",
    "/web-tools/__proto__",
    "http://elsewhere.example/web-tools/form",
  ])("%s is not found, and not repeated either", async (path) => {
    const { status, headers, body } = await ask(path);
    expect([status, body]).toEqual([404, "There is nothing here."]);
    expectSecurityHeaders(headers);
  });
});

describe("what is served", () => {
  const texts = [...assets].map(([path, { body }]) => [path, body.toString()] as const);

  it.each(texts)("%s refers to nothing elsewhere and holds no secret", (path, text) => {
    const addresses = text.match(/\b(https?:)?\/\/[\w-]+(\.[\w-]+)+/g) ?? [];
    const allowed = /^(http:)?\/\/www\.w3\.org|www\.nayuki\.io/;
    expect(addresses.filter((address) => !allowed.test(address))).toEqual([]);
    expect(text).not.toMatch(/[0-9a-f]{32}|Bearer [\w-]{8,}|OPENCLAW_|CONVOS_LOOPBACK/);
    expect(path.endsWith(".js") && /\b(local|session)Storage\b|document\.cookie|innerHTML/.test(text)).toBe(
      false,
    );
  });

  it.each(texts.filter(([, text]) => text.startsWith("<!doctype html>")))(
    "%s has no inline script and no inline style",
    (_path, html) => {
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:/i);
    },
  );

  it("the token's field has no name, so that no form can send it", () => {
    const html = assets.get("/web-tools/agents")?.body.toString() ?? "";
    const field = /<input id="token"[^>]*>/.exec(html)?.[0] ?? "";
    expect(field).toContain('type="password"');
    expect(field).not.toMatch(/\sname=|\svalue=/);
  });
});
