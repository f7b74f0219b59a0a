/**
 * Makes a program that can only name an XMTP network, not where it is, speak to the node at `XMTP_NODE_URL`. Preloaded
 * with `--import`; it changes the very bindings that the program is going to load.
 */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const url = process.env.XMTP_NODE_URL;
const [, program] = process.argv;
if (!url || !program) throw new Error("XMTP_NODE_URL is not set");

const bindings = createRequire(realpathSync(program)).resolve("@xmtp/node-bindings");
const { BackendBuilder } = await import(pathToFileURL(bindings).href);
const { build } = BackendBuilder.prototype;
BackendBuilder.prototype.build = function () {
  this.setApiUrl(url);
  return build.call(this);
};
