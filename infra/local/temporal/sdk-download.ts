import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { startGuarded, stopOnAbort } from "../guarded-process.ts";

/** How long the first byte may take: where nothing but package registries is reachable it never comes. */
const FIRST_BYTE_MS = 20_000;
const DOWNLOAD_MS = 5 * 60_000;
const KEPT_LINES = 5;

/**
 * Lets the Temporal SDK fetch the CLI release that it was tested with. It runs in a process of its own, so that a
 * download that hangs can be ended, and this one need not load the SDK's native part.
 */
export async function downloadWithSdk(
  folder: string,
  note: (text: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  note("asking the Temporal SDK to download its dev server");
  const lines: string[] = [];
  const downloader = await startGuarded({
    command: process.execPath,
    args: [join(import.meta.dirname, "sdk-download-main.ts"), folder],
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...proxySettings() },
    stopSignal: "TERM",
    graceS: 2,
    log: (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    },
  });
  let reason: string | undefined;
  const giveUp = (text: string) => {
    reason = text;
    void downloader.stop();
  };
  const firstByte = setTimeout(async () => {
    if ((await readdir(folder)).length === 0) giveUp(`no answer within ${FIRST_BYTE_MS / 1000} s`);
  }, FIRST_BYTE_MS);
  const whole = setTimeout(() => giveUp(`not finished within ${DOWNLOAD_MS / 1000} s`), DOWNLOAD_MS);
  const detach = stopOnAbort(downloader, signal);
  const { code } = await downloader.exited;
  detach();
  clearTimeout(firstByte);
  clearTimeout(whole);
  if (code !== 0) throw new Error(reason ?? (lines.at(-1) || `exit code ${code}`));
  const name = (await readdir(folder)).find((file) => file.startsWith("temporal"));
  if (name === undefined) throw new Error("the SDK downloaded nothing");
  return join(folder, name);
}

function proxySettings(): Record<string, string> {
  const names = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
