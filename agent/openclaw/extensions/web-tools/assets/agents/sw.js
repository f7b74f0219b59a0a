const CACHE = "agent-landing";
/** The page and what it is made of. Nothing else is looked at here, least of all the agent's API. */
const SHELL = [
  "/web-tools/agents",
  "/web-tools/agents/agents.css",
  "/web-tools/agents/app.js",
  "/web-tools/agents/agent-api.js",
  "/web-tools/agents/invite-card.js",
  "/web-tools/agents/qr-code.js",
  "/web-tools/agents/qr-encoder.js",
  "/web-tools/agents/manifest.json",
  "/web-tools/agents/icon.svg",
  "/web-tools/shared/base.css",
];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/**
 * From the network, so that a newer page is never hidden by an older one; what was kept when there is no network or the
 * agent is not up.
 */
async function answer(request, path) {
  const cache = await caches.open(CACHE);
  // Which failure of the network it was, the browser tells nobody.
  const response = await fetch(request).catch(() => Response.error());
  if (response.type === "error" || response.status >= 500) return (await cache.match(path)) ?? response;
  // Kept under its path alone: nothing of an address that somebody typed stays behind.
  if (response.ok && !response.redirected) await cache.put(path, response.clone());
  return response;
}

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(answer(event.request, pathname));
});
