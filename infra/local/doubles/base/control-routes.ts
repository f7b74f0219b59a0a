import Type from "typebox";
import { Value } from "typebox/value";
import type { VirtualClock } from "./clock.ts";
import type { FaultBook } from "./faults.ts";
import { InvalidFaultRule } from "./faults.ts";
import { json } from "./reply.ts";
import type { RequestLog } from "./request-log.ts";
import type { Route } from "./router.ts";

export const CONTROL_PREFIX = "/__double/";

const TEN_YEARS_MS = 10 * 366 * 24 * 3_600_000;
const AdvanceSchema = Type.Object(
  { advanceMs: Type.Integer({ minimum: 0, maximum: TEN_YEARS_MS }) },
  { additionalProperties: false },
);

/** The endpoints every double has for tests and for the curious; a provider has none of them. */
export function controlRoutes(parts: {
  name: string;
  clock: VirtualClock;
  faults: FaultBook;
  log: RequestLog;
  inventory: () => unknown;
}): Route[] {
  const { name, clock, faults, log, inventory } = parts;
  return [
    {
      method: "POST",
      path: "/__double/faults",
      handle({ body }) {
        try {
          faults.add(body);
        } catch (error) {
          if (error instanceof InvalidFaultRule) return json(400, { error: error.message });
          throw error;
        }
        return json(201, { faults: faults.list() });
      },
    },
    {
      method: "DELETE",
      path: "/__double/faults",
      handle() {
        faults.clear();
        return json(200, { faults: [] });
      },
    },
    {
      method: "GET",
      path: "/__double/state",
      handle: () =>
        json(200, { double: name, now: clock.nowIso(), faults: faults.list(), inventory: inventory() }),
    },
    { method: "GET", path: "/__double/log", handle: () => json(200, { log: log.entries() }) },
    {
      method: "POST",
      path: "/__double/clock",
      handle({ body }) {
        if (!Value.Check(AdvanceSchema, body)) {
          return json(400, {
            error: "expected {advanceMs}, a whole number of milliseconds, at most ten years",
          });
        }
        clock.advance(body.advanceMs);
        return json(200, { now: clock.nowIso() });
      },
    },
  ];
}
