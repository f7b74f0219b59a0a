import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublicAddress } from "../../../server/attachments/public-address.ts";
import { WEB_PORTS } from "../limits.ts";

export interface NetworkRules {
  /**
   * What may be opened although it is not public: URLs, each of which stands for itself and all that begins with it
   * (`http://127.0.0.1:8080/web-tools/`).
   */
  allowedPages: readonly string[];
  /** All addresses of a host name; the system's resolver by default. */
  resolve?: ((host: string) => Promise<readonly string[]>) | undefined;
  /** Whether an address is on the internet; for tests, which have no address there. */
  isReachable?: ((address: string) => boolean) | undefined;
}

/** Where to connect: an address that has been checked, not a name that could mean another one a moment later. */
export interface Destination {
  address: string;
  port: number;
}

/** The browser may not go there. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface Guard {
  /** For a request in the clear, whose whole URL is seen. Throws RefusedError, or the resolver's error. */
  ofRequest(url: URL): Promise<Destination>;
  /** For a tunnel to `host:port`, in which nothing more is seen. Throws as above. */
  ofTunnel(authority: string): Promise<Destination>;
}

export function createGuard({
  allowedPages,
  resolve = allAddresses,
  isReachable = isPublicAddress,
}: NetworkRules): Guard {
  const allowed = allowedPages.map((page) => new URL(page));

  const publicly = async (url: URL): Promise<Destination> => {
    const port = portOf(url);
    if (!WEB_PORTS.has(port)) throw new RefusedError(`port ${port} is not one of the web`);
    const host = bareHost(url);
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const [address] = addresses;
    if (address === undefined) throw new RefusedError("the name has no address");
    // One that is not public among them is a name that was made to reach it.
    if (!addresses.every(isReachable)) throw new RefusedError("the address is not on the public internet");
    return { address, port };
  };

  return {
    ofRequest: async (url) => {
      if (url.protocol !== "http:") throw new RefusedError("only http is asked for in the clear");
      const isAllowed = allowed.some(
        (page) => page.origin === url.origin && url.pathname.startsWith(page.pathname),
      );
      return isAllowed ? { address: bareHost(url), port: portOf(url) } : publicly(url);
    },
    ofTunnel: async (authority) => {
      if (!URL.canParse(`https://${authority}`)) throw new RefusedError("that is no address");
      const url = new URL(`https://${authority}`);
      const isAllowed = allowed.some((page) => page.href === `${url.origin}/`);
      return isAllowed ? { address: bareHost(url), port: portOf(url) } : publicly(url);
    },
  };
}

async function allAddresses(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, "$1");

const portOf = (url: URL): number =>
  url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
