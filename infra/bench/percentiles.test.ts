import { expect, it } from "vitest";
import { summarize } from "./percentiles.ts";

it("takes nearest ranks and trims nothing", () => {
  const latencies = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(summarize(latencies, 3)).toEqual({ n: 100, failed: 3, p50: 50, p90: 90, p99: 99, max: 100 });
});
