import type { Protocol } from "puppeteer-core";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { within } from "../within.ts";
import { findTarget } from "./find-target.ts";
import { click } from "./interact.ts";
import { webAddress } from "./open.ts";
import type { Run } from "./run.ts";

const NAME_MAX_CHARS = 100;
const BEGIN_TIMEOUT_MS = 15_000;
const TOO_LARGE = `The file is larger than ${BROWSING_LIMITS.downloadMaxBytes / 1_048_576} MB.`;

/** Gets what an address or a link leads to as a file, or what a button of the page makes, and puts it into the folder. */
export async function download(run: Run, tab: Tab, step: { url?: string; target?: string }): Promise<string> {
  const { session } = run;
  const url = step.url === undefined ? await linkOf(run, tab, step.target ?? "") : webAddress(step.url);
  const file = Promise.withResolvers<{ guid: string; name: string }>();
  const begun = Promise.withResolvers<void>();
  let first: { guid: string; name: string } | undefined;
  const cancel = (guid: string): void => {
    // It has ended meanwhile.
    void session.client.send("Browser.cancelDownload", { guid }).catch(() => undefined);
  };
  const onBegin = ({ guid, suggestedFilename }: Protocol.Browser.DownloadWillBeginEvent): void => {
    if (first === undefined) {
      first = { guid, name: suggestedFilename };
      begun.resolve();
    } else cancel(guid);
  };
  const onProgress = ({
    guid,
    state,
    totalBytes,
    receivedBytes,
  }: Protocol.Browser.DownloadProgressEvent): void => {
    if (first?.guid !== guid) return;
    if (state === "completed") file.resolve(first);
    else if (Math.max(totalBytes, receivedBytes) > BROWSING_LIMITS.downloadMaxBytes) {
      file.reject(new ToolError(TOO_LARGE));
      cancel(guid);
    } else if (state === "canceled") file.reject(new ToolError("The download broke off."));
  };
  // Whether the file is waited for is decided when it begins.
  file.promise.catch(() => undefined);
  session.client.on("Browser.downloadWillBegin", onBegin);
  session.client.on("Browser.downloadProgress", onProgress);
  await allowDownloads(run, true);
  try {
    const starting = url === undefined ? click(run, tab, step.target ?? "") : visitAsFile(tab, url);
    await within(
      BEGIN_TIMEOUT_MS,
      "Nothing was downloaded by that.",
      Promise.race([begun.promise, starting.then(() => begun.promise)]),
      run.signal,
    );
    const { guid, name } = await within(
      BROWSING_LIMITS.downloadTimeoutMs,
      "The download takes too long.",
      file.promise,
      run.signal,
    );
    const content = await session.takeDownload(guid, BROWSING_LIMITS.downloadMaxBytes, run.signal);
    const path = await run.call.files.write(`downloads/${fileName(name)}`, content);
    return `saved as ${path} (${content.length} bytes)`;
  } finally {
    if (first !== undefined) cancel(first.guid);
    session.client.off("Browser.downloadWillBegin", onBegin);
    session.client.off("Browser.downloadProgress", onProgress);
    await allowDownloads(run, false);
  }
}

/** Where a link leads; undefined for what is no link to a web address. */
async function linkOf(run: Run, tab: Tab, target: string): Promise<string | undefined> {
  const { element } = await findTarget(run, tab, "click", target);
  return /^https?:/.test(element.href) ? webAddress(element.href) : undefined;
}

const allowDownloads = async ({ session }: Run, isAllowed: boolean): Promise<void> => {
  await session.client.send("Browser.setDownloadBehavior", {
    behavior: isAllowed ? "allowAndName" : "deny",
    ...(session.context.id === undefined ? {} : { browserContextId: session.context.id }),
    downloadPath: session.downloadsDir,
    eventsEnabled: true,
  });
};

/** Opens an address so that its answer is a file, whatever it is; the page stays as it is. Rejects with what the site answers. */
async function visitAsFile(tab: Tab, url: string): Promise<void> {
  const { client } = tab;
  const answered = Promise.withResolvers<void>();
  const onPaused = ({
    requestId,
    responseStatusCode: status = 0,
    responseHeaders = [],
  }: Protocol.Fetch.RequestPausedEvent): void => {
    const isFile = status >= 200 && status < 300;
    if (status >= 400) answered.reject(new ToolError(`The site answered ${status}.`));
    const headers = responseHeaders.map(({ name, value }) =>
      isDisposition(name) ? { name, value: value.replace(/^\s*inline/i, "attachment") } : { name, value },
    );
    if (!headers.some(({ name }) => isDisposition(name)))
      headers.push({ name: "content-disposition", value: "attachment" });
    const going = isFile
      ? client.send("Fetch.continueResponse", { requestId, responseCode: status, responseHeaders: headers })
      : client.send("Fetch.continueRequest", { requestId });
    // The request has gone meanwhile.
    going.catch(() => undefined);
  };
  client.on("Fetch.requestPaused", onPaused);
  await client.send("Fetch.enable", {
    patterns: [{ urlPattern: "*", resourceType: "Document", requestStage: "Response" }],
  });
  try {
    const { errorText } = await Promise.race([
      client.send("Page.navigate", { url }),
      answered.promise.then(() => ({ errorText: undefined })),
    ]);
    // What becomes a file is no navigation, so that is how it ends when all is well.
    if (errorText !== undefined && errorText !== "net::ERR_ABORTED")
      throw new ToolError("The address does not answer, or is not on the public internet.");
  } finally {
    client.off("Fetch.requestPaused", onPaused);
    await client.send("Fetch.disable");
  }
}

const isDisposition = (name: string): boolean => name.toLowerCase() === "content-disposition";

/** A name without a path, for every system. */
function fileName(suggested: string): string {
  const base = suggested.split(/[\\/]/).at(-1) ?? "";
  const plain = base
    .replace(/[\p{C}<>:"|?*]/gu, "")
    .replace(/^[.\s-]+/, "")
    .trim();
  const extension = /\.[A-Za-z\d]{1,10}$/.exec(plain)?.[0] ?? "";
  const stem = plain.slice(0, plain.length - extension.length).slice(0, NAME_MAX_CHARS - extension.length);
  return stem === "" ? "download" : `${stem}${extension}`;
}
