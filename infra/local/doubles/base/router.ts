import type { IncomingHttpHeaders } from "node:http";
import type { Reply } from "./reply.ts";

export interface DoubleRequest {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  rawBody: Buffer;
  /** The parsed body of a JSON request; undefined when it had none. */
  body: unknown;
  /** Name of a fault only this provider knows, when a rule asked for it. */
  providerFault: string | undefined;
}

export interface Route {
  method: string;
  /** Literal segments and `:name` parameters: `/api/v1/keys/:hash`. */
  path: string;
  handle(request: DoubleRequest): Reply;
}

const segmentsOf = (path: string): string[] => path.split("/").filter((segment) => segment !== "");

/** Finds the route for a request and its decoded parameters. A trailing slash makes no difference. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  const segments = segmentsOf(path);
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchSegments(segmentsOf(route.path), segments);
    if (params) return { route, params };
  }
  return undefined;
}

function matchSegments(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (expected.startsWith(":")) params[expected.slice(1)] = decode(segment);
    else if (expected !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not valid percent-encoding: the text itself is then the id, which nothing has.
    return segment;
  }
}
