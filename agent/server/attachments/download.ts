import { lookup } from "node:dns/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { FileError } from "./file-error.ts";
import { DOWNLOAD_TIMEOUT_MS, FILE_MAX_BYTES, REDIRECTS_MAX } from "./limits.ts";
import { isPublicAddress } from "./public-address.ts";

export interface HostAddress {
  address: string;
  family: number;
}

export interface DownloadOptions {
  /** Origins that may be plain http and anywhere, for development and tests, e.g. `http://127.0.0.1:8080`. */
  allowedOrigins?: readonly string[] | undefined;
  timeoutMs?: number | undefined;
  maxBytes?: number | undefined;
  /** All addresses of a host; the system's resolver by default. */
  resolve?: ((hostname: string) => Promise<readonly HostAddress[]>) | undefined;
}

const resolveHost = (hostname: string): Promise<readonly HostAddress[]> => lookup(hostname, { all: true });

/**
 * What is stored at a stranger's address. Throws a FileError; when `signal` aborts, its reason.
 * Only https and public addresses, after each redirect again.
 */
export async function download(url: string, options: DownloadOptions, signal: AbortSignal): Promise<Buffer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? DOWNLOAD_TIMEOUT_MS);
  try {
    return await follow(url, options, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FileError) throw error;
    throw new FileError(timeout.aborted ? "took-too-long" : "unreachable", { cause: error });
  }
}

async function follow(start: string, options: DownloadOptions, signal: AbortSignal): Promise<Buffer> {
  let url = parse(start);
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const response = await request(url, options, signal);
    const { statusCode, headers } = response;
    if (statusCode === 200) return readBody(response, options.maxBytes ?? FILE_MAX_BYTES);
    response.destroy();
    const isRedirect = [301, 302, 303, 307, 308].includes(statusCode ?? 0);
    if (!isRedirect || headers.location === undefined) break;
    url = parse(headers.location, url);
  }
  throw new FileError("unreachable");
}

function parse(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  // Nobody gives a stranger's agent a password to use; it would only be a way to reach somebody's account.
  if (url === null || url.username !== "" || url.password !== "") throw new FileError("unreachable");
  return url;
}

function request(url: URL, options: DownloadOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const isAllowed = options.allowedOrigins?.includes(url.origin) ?? false;
  if (!isAllowed) requireSafe(url);
  const resolve = options.resolve ?? resolveHost;
  // The connection goes to the addresses that were checked: there is no second look-up that could say something else.
  const pinned: LookupFunction = (hostname, { all }, done) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) done(new FileError("unreachable"), []);
        else if (!isAllowed && !addresses.every(({ address }) => isPublicAddress(address)))
          done(new FileError("private-address"), []);
        else if (all === true) done(null, [...addresses]);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };
  return new Promise((fulfil, reject) => {
    const get = url.protocol === "https:" ? httpsGet : httpGet;
    // No agent: no connection outlives its request or is used for another.
    get(url, { agent: false, lookup: pinned, signal, headers: { accept: "*/*" } }, fulfil).on(
      "error",
      reject,
    );
  });
}

/** Sockets look up names only, so an address in the place of a name is checked here. */
function requireSafe(url: URL): void {
  if (url.protocol !== "https:") throw new FileError("not-https");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new FileError("private-address");
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) {
    response.destroy();
    throw new FileError("too-large");
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const part: Buffer = chunk;
    bytes += part.length;
    if (bytes > maxBytes) throw new FileError("too-large");
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
