import type { IncomingMessage, ServerResponse } from "node:http";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { type DownloadOptions, download } from "./download.ts";
import { FILE_MAX_BYTES } from "./limits.ts";
import { selfSigned } from "./testing/certificate.ts";
import { type FileServer, startFileServer } from "./testing/file-server.ts";

const NEVER = new AbortController().signal;
let server: FileServer;
let openConnections = 0;
const seen: { path: string; headers: IncomingMessage["headers"] }[] = [];

const ROUTES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/file": (response) => response.end("payload"),
  "/missing": (response) => response.writeHead(404).end("payload"),
  "/declared": (response) => response.writeHead(200, { "content-length": FILE_MAX_BYTES + 1 }).write("x"),
  "/endless": (response) => {
    const chunk = Buffer.alloc(1024 * 1024);
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", write);
    write();
  },
  "/cut": (response) =>
    response.writeHead(200, { "content-length": 100 }).write("x", () => response.destroy()),
  "/hang": () => undefined,
  "/hang-in-body": (response) => response.write("x"),
  "/once": redirectTo("/file"),
  "/four": redirectTo("/three"),
  "/three": redirectTo("/two"),
  "/two": redirectTo("/once"),
  "/loop": redirectTo("/loop"),
  "/to-private": redirectTo("https://10.0.0.1/file"),
  "/to-metadata": redirectTo("https://169.254.169.254/latest/meta-data"),
  "/to-http": redirectTo("http://1.1.1.1/file"),
  "/to-file": redirectTo("file:///etc/passwd"),
  "/nowhere": (response) => response.writeHead(302).end(),
};

function redirectTo(location: string) {
  return (response: ServerResponse) => void response.writeHead(302, { location }).end();
}

beforeAll(async () => {
  server = await startFileServer((request, response) => {
    seen.push({ path: request.url ?? "", headers: request.headers });
    openConnections += 1;
    response.on("close", () => {
      openConnections -= 1;
    });
    ROUTES[request.url ?? ""]?.(response);
  });
});
afterAll(() => server.close());

const fetchFrom = (path: string, options: DownloadOptions = {}, signal = NEVER): Promise<Buffer> =>
  download(
    path.startsWith("/") ? server.origin + path : path,
    { allowedOrigins: [server.origin], ...options },
    signal,
  );

describe("what is taken", () => {
  it("is the body, asked for without anything that says who asks", async () => {
    expect((await fetchFrom("/file")).toString()).toBe("payload");
    expect(Object.keys(seen.at(-1)?.headers ?? {}).sort()).toEqual(["accept", "connection", "host"]);
  });

  it("may be up to three redirects away, and no more", async () => {
    expect((await fetchFrom("/three")).toString()).toBe("payload");
    await expect(fetchFrom("/four")).rejects.toMatchObject({ problem: "unreachable" });
  });

  it.each(["/missing", "/cut", "/loop", "/nowhere"])("is nothing from %s", async (path) => {
    await expect(fetchFrom(path)).rejects.toMatchObject({ problem: "unreachable" });
  });

  it("is nothing from a port where nobody listens", async () => {
    const gone = await startFileServer(() => undefined);
    await gone.close();
    const options = { allowedOrigins: [gone.origin] };
    await expect(fetchFrom(`${gone.origin}/file`, options)).rejects.toMatchObject({ problem: "unreachable" });
  });

  it("is nothing when the name has no address", async () => {
    const resolve = async (): Promise<[]> => [];
    await expect(fetchFrom("https://files.example/", { resolve })).rejects.toMatchObject({
      problem: "unreachable",
    });
  });
});

describe("limits", () => {
  it("refuses what declares to be too large, and hangs up", async () => {
    await expect(fetchFrom("/declared")).rejects.toMatchObject({ problem: "too-large" });
    await eventually("the connection to be closed", () => openConnections === 0);
  });

  it("stops an endless body at the limit, and hangs up", async () => {
    await expect(fetchFrom("/endless", { maxBytes: 5_000_000 })).rejects.toMatchObject({
      problem: "too-large",
    });
    await eventually("the connection to be closed", () => openConnections === 0);
  });

  it.each(["/hang", "/hang-in-body"])("gives up on %s, and hangs up", async (path) => {
    await expect(fetchFrom(path, { timeoutMs: 200 })).rejects.toMatchObject({ problem: "took-too-long" });
    await eventually("the connection to be closed", () => openConnections === 0);
  });

  it("gives up on a resolver that never answers", async () => {
    const resolve = () => new Promise<never>(() => undefined);
    await expect(fetchFrom("https://files.example/", { resolve, timeoutMs: 100 })).rejects.toMatchObject({
      problem: "took-too-long",
    });
  });

  it("ends with the caller's reason when the caller ends it", async () => {
    const caller = new AbortController();
    const reading = fetchFrom("/hang-in-body", {}, caller.signal);
    await eventually("the request to arrive", () => openConnections === 1);
    caller.abort(new Error("the agent leaves"));
    await expect(reading).rejects.toThrow("the agent leaves");
    await eventually("the connection to be closed", () => openConnections === 0);
  });
});

describe("where it goes", () => {
  it.each([
    ["http://1.1.1.1/file", "not-https"],
    ["ftp://files.example/file", "not-https"],
    ["file:///etc/passwd", "not-https"],
    ["data:text/plain,hello", "not-https"],
    ["https://user:password@files.example/", "unreachable"],
    ["no address", "unreachable"],
    ["https://127.0.0.1/", "private-address"],
    ["https://2130706433/", "private-address"],
    ["https://0x7f.1/", "private-address"],
    ["https://[::1]/", "private-address"],
    ["https://[::ffff:10.0.0.1]/", "private-address"],
    ["https://localhost/", "private-address"],
    ["/to-private", "private-address"],
    ["/to-metadata", "private-address"],
    ["/to-http", "not-https"],
    ["/to-file", "not-https"],
  ])("refuses %s: %s", async (url, problem) => {
    await expect(fetchFrom(url)).rejects.toMatchObject({ problem });
  });

  it("does not reach the server that is allowed under another origin", async () => {
    const before = seen.length;
    const url = `${server.origin.replace("http:", "https:")}/file`;
    await expect(fetchFrom(url)).rejects.toMatchObject({ problem: "private-address" });
    expect(seen.length).toBe(before);
  });

  it("refuses a name when a single one of its addresses is not public", async () => {
    const resolve = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    await expect(fetchFrom("https://files.example/", { resolve })).rejects.toMatchObject({
      problem: "private-address",
    });
  });

  it("goes to the address that was checked, and asks for it once", async () => {
    const names: string[] = [];
    const resolve = async (name: string) => {
      names.push(name);
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const origin = `http://files.test:${server.port}`;
    const body = await fetchFrom(`${origin}/file`, { allowedOrigins: [origin], resolve });
    expect(body.toString()).toBe("payload");
    expect(names).toEqual(["files.test"]);
  });
});

describe("https", () => {
  const certificate = selfSigned("files.test");
  let secure: FileServer;
  beforeAll(async () => {
    secure = await startFileServer((_, response) => void response.end("sealed"), certificate);
  });
  afterAll(() => secure.close());
  const overTls = (name: string) => {
    const origin = `https://${name}:${secure.port}`;
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    return fetchFrom(`${origin}/file`, { allowedOrigins: [origin], resolve });
  };

  it("takes a certificate that is trusted and in this name, and no other", async () => {
    await expect(overTls("files.test")).rejects.toMatchObject({ problem: "unreachable" });
    const trusted = getCACertificates("default");
    setDefaultCACertificates([...trusted, certificate.cert]);
    try {
      expect((await overTls("files.test")).toString()).toBe("sealed");
      await expect(overTls("other.test")).rejects.toMatchObject({ problem: "unreachable" });
    } finally {
      setDefaultCACertificates(trusted);
    }
  });
});
