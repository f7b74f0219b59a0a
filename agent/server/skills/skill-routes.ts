import type { IncomingMessage, ServerResponse } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { readBody, sendJson } from "../loopback/http.ts";
import type { SkillHost } from "./skill-host.ts";

/** Parameters of a tool; a document's whole text may be among them. */
const BODY_MAX_BYTES = 1024 * 1024;
const TOOL_PATH = /^\/tools\/([a-z_]{1,64})$/;
const SKILL_PATH = /^\/([a-z-]{1,64})$/;

const ToolRequest = Type.Object({
  callId: Type.String({ minLength: 1, maxLength: 200 }),
  params: Type.Unknown(),
});

/** A line of the answer to the use of a tool: any number of the first kind, then one of the others. */
export type ToolAnswerLine =
  | { progress: string }
  | { text: string; images: readonly { mimeType: string; base64: string }[] }
  | { refusal: string };

/**
 * `GET /skills`: what each skill says of itself. `GET /skills/<skill>`: one of them, proven anew. `POST
 * /skills/tools/<tool>` with `{callId, params}`: uses a tool; answers with JSON lines. `path` is what follows `/skills`.
 */
export function createSkillRoutes(host: SkillHost) {
  async function use(request: IncomingMessage, response: ServerResponse, tool: string): Promise<void> {
    const body = await readBody(request, BODY_MAX_BYTES);
    if (body === undefined) return sendJson(response, 413, { error: "too-large" });
    const given = parseJson(body);
    if (!Value.Check(ToolRequest, given)) return sendJson(response, 400, { error: "invalid-request" });
    const gone = new AbortController();
    response.once("close", () => gone.abort(new Error("nobody waits for it any more")));
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    const write = (line: ToolAnswerLine): void => {
      // A tool that was given up may still say how it goes.
      if (!response.writableEnded && !response.destroyed) response.write(`${JSON.stringify(line)}\n`);
    };
    const { callId, params } = given;
    const progress = (line: string): void => write({ progress: line.slice(0, 200) });
    const outcome = await host.use(tool, params, { callId, signal: gone.signal, progress });
    if ("refusal" in outcome) write(outcome);
    else write({ text: outcome.result.text, images: outcome.result.images ?? [] });
    response.end();
  }
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const tool = TOOL_PATH.exec(path)?.[1];
    if (request.method === "POST" && tool !== undefined) return use(request, response, tool);
    if (request.method === "GET" && path === "")
      return sendJson(response, 200, { skills: await host.settle() });
    const name = request.method === "GET" ? SKILL_PATH.exec(path)?.[1] : undefined;
    const report = name === undefined ? undefined : await host.prove(name);
    if (report === undefined) return sendJson(response, 404, { error: "not-found" });
    sendJson(response, 200, report);
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // Answered as an invalid request by the caller.
    return undefined;
  }
}
