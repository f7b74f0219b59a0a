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
    const response = await known(
      fetch(`${url}/tools/${tool}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(request),
        signal: signal === undefined ? overdue : AbortSignal.any([signal, overdue]),
      }),
    );
    if (response.status === 413) throw new Error("That is too much for one use of the tool.");
    if (!response.ok || response.body === null) throw new Error("The tool cannot be used now.");
    const lines = linesOf(response.body);
    for (let next = await known(lines.next()); next.done !== true; next = await known(lines.next())) {
      // Our own server, on loopback and behind the token, writes exactly these lines.
      const line: Line = JSON.parse(next.value);
      if (line.progress !== undefined) progress(line.progress);
      if (line.refusal !== undefined) throw new Error(line.refusal);
      if (line.text !== undefined) return { text: line.text, images: line.images ?? [] };
    }
    throw new Error(UNKNOWN);
  };
}

const UNKNOWN = "The tool ended without an answer; it is not known what it has done. Do not repeat it.";

/** What breaks off on the way says nothing to the model, which might do the same again. */
const known = <T>(part: Promise<T>): Promise<T> =>
  part.catch((cause: unknown) => {
    throw new Error(UNKNOWN, { cause });
  });

/** A line with pictures comes in hundreds of pieces: each is looked at once. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  for await (const chunk of body) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    begun.push(first);
    for (const other of others) {
      const line = begun.join("");
      begun = [other];
      if (line !== "") yield line;
    }
  }
  return undefined;
}
