/** Everything below this path is ours, whether there is something at it or not. */
export const BASE_PATH = "/web-tools";

export const LANDING_PATH = `${BASE_PATH}/agents`;
export const FORM_PATH = `${BASE_PATH}/form`;

export interface Route {
  path: string;
  /** Relative to the folder `assets`; absent for the QR encoder, which is a file of a package. */
  file?: string;
  type: string;
  headers?: Readonly<Record<string, string>>;
}

export const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const SVG = "image/svg+xml";
const MANIFEST = "application/manifest+json";

/** The path is made of the file's own, so that the pages can be read like a folder. */
const asset = (file: string, type: string): Route => ({ path: `${BASE_PATH}/${file}`, file, type });

/** The whole site. A path that is not here does not exist, so no path can lead to another file. */
export const ROUTES: readonly Route[] = [
  asset("shared/base.css", CSS),

  { path: FORM_PATH, file: "form/index.html", type: HTML },
  asset("form/form.css", CSS),
  asset("form/form.js", SCRIPT),
  asset("form/availability.js", SCRIPT),
  asset("form/confirmation-code.js", SCRIPT),
  asset("form/fields.js", SCRIPT),
  asset("form/icon.svg", SVG),

  { path: LANDING_PATH, file: "agents/index.html", type: HTML },
  asset("agents/agents.css", CSS),
  asset("agents/app.js", SCRIPT),
  asset("agents/agent-api.js", SCRIPT),
  asset("agents/invite-card.js", SCRIPT),
  asset("agents/qr-code.js", SCRIPT),
  { path: `${LANDING_PATH}/qr-encoder.js`, type: SCRIPT },
  // The page itself has no trailing slash; without the header a worker could not serve it.
  { ...asset("agents/sw.js", SCRIPT), headers: { "service-worker-allowed": LANDING_PATH } },
  asset("agents/manifest.json", MANIFEST),
  asset("agents/icon.svg", SVG),
];
