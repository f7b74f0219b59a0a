import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HTML, ROUTES } from "./routes.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const ASSETS_DIR = join(import.meta.dirname, "..", "assets");

export interface Asset {
  body: Buffer;
  /** Strong validator; the empty string where the answer must not be kept. */
  etag: string;
  headers: Readonly<Record<string, string>>;
}

/**
 * Reads the whole site, about 70 kB, by path. Throws when a file is missing: then the installation is broken and the
 * gateway should say so when it starts, not when somebody visits.
 */
export function loadAssets(qrEncoderFile: string): ReadonlyMap<string, Asset> {
  return new Map(
    ROUTES.map(({ path, file, type, headers }) => {
      const body = readFileSync(file === undefined ? qrEncoderFile : join(ASSETS_DIR, file));
      const kept = type !== HTML;
      const etag = kept ? `"${createHash("sha256").update(body).digest("base64url")}"` : "";
      const asset = {
        body,
        etag,
        headers: {
          ...SECURITY_HEADERS,
          ...headers,
          "content-type": type,
          ...(kept ? { "cache-control": "no-cache", etag } : { "cache-control": "no-store" }),
        },
      };
      return [path, asset];
    }),
  );
}
