/** The XMTP network an invite belongs to. The slug itself does not say; a URL's host or scheme does. */
export type InviteNetwork = "production" | "dev" | "local";

const WRITTEN_HOST: Record<InviteNetwork, string> = {
  production: "popup.convos.org",
  dev: "dev.convos.org",
  local: "local.convos.org",
};

const NETWORK_OF_HOST = new Map<string, InviteNetwork>([
  ["popup.convos.org", "production"],
  ["app.convos.org", "production"],
  ["convos.org", "production"],
  ["dev.convos.org", "dev"],
  ["app-dev.convos.org", "dev"],
  ["local.convos.org", "local"],
  ["app-local.convos.org", "local"],
]);

const NETWORK_OF_SCHEME = new Map<string, InviteNetwork>([
  ["convos", "production"],
  ["convos-dev", "dev"],
  ["convos-local", "local"],
]);

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const APP_LINK = /^[a-z-]+:\/\/(?:join|invite)\/([^/?#]+)(?:[/?#].*)?$/i;

/** `*` needs no escaping in a query. */
export const inviteUrl = (slug: string, network: InviteNetwork): string =>
  `https://${WRITTEN_HOST[network]}/v2?i=${slug}`;

/** The slug inside a URL, an app link or bare text, with the network when the text tells it. */
export function extractSlug(text: string): { slug: string; network: InviteNetwork | undefined } | undefined {
  const trimmed = text.trim();
  const scheme = SCHEME.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === undefined) return { slug: trimmed, network: undefined };
  if (scheme === "https") return slugOfWebLink(trimmed);
  const network = NETWORK_OF_SCHEME.get(scheme);
  const slug = APP_LINK.exec(trimmed)?.[1];
  return network && slug ? { slug, network } : undefined;
}

function slugOfWebLink(text: string): { slug: string; network: InviteNetwork } | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const network = NETWORK_OF_HOST.get(url.hostname);
  if (network === undefined) return undefined;
  const path = url.pathname.replace(/\/$/, "");
  const inPath = /^\/i\/([^/]+)$/.exec(path)?.[1];
  const inQuery =
    path === "/v2" ? url.searchParams.get("i") : path === "/invite" ? url.searchParams.get("code") : null;
  const slug = inPath ?? inQuery;
  return slug ? { slug, network } : undefined;
}
