/** The server ends a tool by itself; this much later it does not answer any more. */
const GRACE_MS = 10_000;

interface Answer {
  text: string;
  images: readonly { mimeType: string; base64: string }[];
}
type Line = Partial<Answer> & { progress?: string; refusal?: string };

interface Waiting {
  signal: AbortSignal | undefined;
  timeoutMs: number;
  progress(line: string): void;
}

export type UseTool = (
  tool: string,
  request: { callId: string; params: unknown },
  waiting: Waiting,
) => Promise<Answer>;

/** Has the agent's server do what a tool does. Throws an error whose message is for the model. */
export function createToolClient({ url, token }: { url: string; token: string }): UseTool {
  return async (tool, request, { signal, timeoutMs, progress }) => {
    const overdue = AbortSignal.timeout(timeoutMs + GRACE_MS);
    const response = await fetch(`${url}/tools/${tool}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: signal === undefined ? overdue : AbortSignal.any([signal, overdue]),
    });
    if (response.status === 413) throw new Error("That is too much for one use of the tool.");
    if (!response.ok || response.body === null) throw new Error("The tool cannot be used now.");
    for await (const text of linesOf(response.body)) {
      // Our own server, on loopback and behind the token, writes exactly these lines.
      const line: Line = JSON.parse(text);
      if (line.progress !== undefined) progress(line.progress);
      if (line.refusal !== undefined) throw new Error(line.refusal);
      if (line.text !== undefined) return { text: line.text, images: line.images ?? [] };
    }
    throw new Error("The tool ended without an answer; it is not known what it has done.");
  };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}
