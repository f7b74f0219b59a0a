import type { AgentProcess } from "../../testing/agent-process.ts";

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed JSON; empty for an empty body. */
  body: Record<string, unknown>;
}

/** One request to an agent's `/convos` routes; without a token when that is empty. A text is sent as it is. */
export async function ask(
  agent: AgentProcess,
  token: string,
  path: string,
  body?: unknown,
  method = body === undefined ? "GET" : "POST",
): Promise<Answer> {
  const response = await fetch(`${agent.url}${path}`, {
    method,
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

export const refusal = async (answer: Promise<Answer>): Promise<[number, unknown]> => {
  const { status, body } = await answer;
  return [status, body.code];
};
