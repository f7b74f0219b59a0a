import { BROWSING_LIMITS } from "../limits.ts";

const DISK_CACHE_BYTES = 32 * 1_024 * 1_024;

/** The command line of the browser. `proxyPort` is its only way to the network. */
export function browserFlags(options: {
  profileDir: string;
  proxyPort: number;
  isSandboxed: boolean;
}): string[] {
  return [
    "--headless",
    "--remote-debugging-pipe",
    "--no-startup-window",
    `--user-data-dir=${options.profileDir}`,
    ...(options.isSandboxed ? [] : ["--no-sandbox"]),

    // Everything goes through the proxy, loopback too; no name is resolved by the browser, and nothing speaks UDP.
    `--proxy-server=http://127.0.0.1:${options.proxyPort}`,
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",

    // Nothing of its own accord.
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
    "--deny-permission-prompts",
    "--mute-audio",

    // Little memory. Frames share the process of their page, so that one look sees all of it; nobody is signed in anywhere
    // for longer than one browser lives.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,MediaRouter,DialMediaRouteProvider,PreloadTopChromeWebUI,OptimizationHints,Translate",
    `--disk-cache-size=${DISK_CACHE_BYTES}`,
    `--renderer-process-limit=${BROWSING_LIMITS.tabs}`,
    `--js-flags=--max-old-space-size=${BROWSING_LIMITS.rendererHeapMb}`,
    "--lang=en-US",
  ];
}
