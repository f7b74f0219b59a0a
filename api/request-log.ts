import type { Log } from "./log.ts";
import type { Server } from "./server.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Requests that succeed are not logged: they are frequent, or nobody will ask for them. */
    quiet?: boolean;
  }
}

/** One line for each request that failed or changed something: the route's pattern, never the URL. */
export function logRequests(server: Server, log: Log): void {
  server.addHook("onResponse", (request, reply, done) => {
    const { config, url, method } = request.routeOptions;
    if (reply.statusCode >= 400 || !(config.quiet ?? method === "GET")) {
      log("request", {
        request: request.id,
        method: request.method,
        route: url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      });
    }
    done();
  });
}
