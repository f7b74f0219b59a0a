import { readFileSync } from "node:fs";
import type { CDPSession, Protocol } from "puppeteer-core";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { ToolError } from "../kit/tool-error.ts";
import { BROWSING_LIMITS } from "./limits.ts";

const SOURCE = ["facts", "reader", "actor", "tools"]
  .map((part) => readFileSync(new URL(`./in-page/${part}.js`, import.meta.url), "utf8"))
  .join("\n");
const OPTIONS = JSON.stringify({ maxChars: BROWSING_LIMITS.pageMaxChars });
/** Calls one of the tools; the first call in a document makes them. */
const CALL = `function (name, ...args) {
  if (globalThis.tools === undefined) {
    ${SOURCE}
    globalThis.tools = globalThis.makeTools(${OPTIONS});
  }
  return globalThis.tools[name](...args);
}`;
const WORLD = "page-tools";

/** Our functions in one frame of a page; they see its document, but not what its scripts have changed. */
export interface PageWorld {
  frame: Protocol.Page.Frame;
  /** Calls a function of in-page/tools.js. Throws ToolError when the page has changed meanwhile or does not fit. */
  call<Schema extends TSchema>(
    schema: Schema,
    name: string,
    ...args: (string | number)[]
  ): Promise<Static<Schema>>;
  /** The element that `find` has chosen, for the rest of the protocol. */
  chosen(): Promise<string>;
}

/** One for each frame of the page, the page itself first. */
export async function openWorlds(client: CDPSession): Promise<PageWorld[]> {
  const { frameTree } = await client.send("Page.getFrameTree");
  const worlds: PageWorld[] = [];
  for (const frame of framesOf(frameTree).slice(0, BROWSING_LIMITS.framesPerPage)) {
    const world = await openWorld(client, frame);
    if (world !== undefined) worlds.push(world);
  }
  return worlds;
}

async function openWorld(client: CDPSession, frame: Protocol.Page.Frame): Promise<PageWorld | undefined> {
  let executionContextId: number;
  try {
    ({ executionContextId } = await client.send("Page.createIsolatedWorld", {
      frameId: frame.id,
      worldName: WORLD,
    }));
  } catch {
    // The frame has gone meanwhile.
    return undefined;
  }
  const run = async (
    name: string,
    args: (string | number)[],
    returnByValue: boolean,
  ): Promise<Protocol.Runtime.RemoteObject> => {
    const { result, exceptionDetails } = await client.send("Runtime.callFunctionOn", {
      executionContextId,
      functionDeclaration: CALL,
      arguments: [name, ...args].map((value) => ({ value })),
      returnByValue,
    });
    if (exceptionDetails !== undefined) throw new ToolError("The page has changed meanwhile. Read it again.");
    return result;
  };
  return {
    frame,
    call: async (schema, name, ...args) => {
      const { value } = await run(name, args, true);
      return Value.Parse(schema, value);
    },
    chosen: async () => {
      const { objectId } = await run("chosen", [], false);
      if (objectId === undefined) throw new ToolError("The page has changed meanwhile. Read it again.");
      return objectId;
    },
  };
}

const framesOf = (tree: Protocol.Page.FrameTree): Protocol.Page.Frame[] => [
  tree.frame,
  ...(tree.childFrames ?? []).flatMap(framesOf),
];
