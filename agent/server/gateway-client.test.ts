import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../domain/agent-protocol.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { startReporter } from "./reporter.ts";
import { openDatabase } from "./state/database.ts";
import { createReportQueue } from "./state/report-queue.ts";
import { startTestPlatform } from "./testing/platform.ts";

const SECRET = "cd".repeat(32);
const event: AgentEvent = { kind: "exploding", reason: "operator", epoch: 1, sequence: 4 };

describe("reports", () => {
  it("are repeated until they are accepted, and end where nobody knows us", async () => {
    const platform = await startTestPlatform("abcdef012345", SECRET);
    const logged: string[] = [];
    const client = createGatewayClient({
      gatewayUrl: platform.url,
      instanceId: "abcdef012345",
      instanceSecret: SECRET,
      log: (name) => logged.push(name),
    });
    platform.refuseWith = 503;
    const report = client.report(event, AbortSignal.timeout(20_000));
    while (platform.refused < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    platform.refuseWith = undefined;
    expect(await report).toBe("accepted");
    expect(platform.events).toEqual([event]);
    expect(logged).toEqual(["report-refused", "report-refused"]);

    platform.refuseWith = 410;
    expect(await client.report(event, AbortSignal.timeout(5_000))).toBe("unknown");
    platform.refuseWith = 409;
    expect(await client.report(event, AbortSignal.timeout(5_000))).toBe("stale");
    platform.refuseWith = 400;
    expect(await client.report(event, AbortSignal.timeout(5_000))).toBe("invalid");
    platform.refuseWith = 401;
    expect(await client.report(event, AbortSignal.timeout(300))).toBe("aborted");
    await platform.close();
    expect(await client.report(event, AbortSignal.timeout(300))).toBe("aborted");
    expect(logged).toContain("report-failed");
  });

  it("of a standalone agent are for nobody and settle at once", async () => {
    const client = createGatewayClient({
      gatewayUrl: undefined,
      instanceId: "abcdef012345",
      instanceSecret: SECRET,
      log: () => undefined,
    });
    expect(await client.report(event, AbortSignal.timeout(1_000))).toBe("accepted");
  });

  it.each([
    ["stale", 409],
    ["not understood", 400],
  ])("that are %s are dropped, and the next one is sent", async (_how, status) => {
    const platform = await startTestPlatform("abcdef012345", SECRET);
    const folder = mkdtempSync(join(tmpdir(), "convos-reports-"));
    const database = openDatabase(join(folder, "state.db"));
    const logged: unknown[] = [];
    const client = createGatewayClient({
      gatewayUrl: platform.url,
      instanceId: "abcdef012345",
      instanceSecret: SECRET,
      log: (name, fields) => logged.push({ name, ...fields }),
    });
    const reporter = startReporter(createReportQueue(database, 1), client);
    platform.refuseWith = status;
    reporter.report({ kind: "fault", part: "brain", code: "given-up" });
    while (platform.refused < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    platform.refuseWith = undefined;
    reporter.report({ kind: "joined", claimId: "c", conversationId: "g" });
    expect(await platform.waitFor("joined")).toMatchObject({ sequence: 2 });
    expect(platform.events).toHaveLength(1);
    expect(logged).toEqual([{ name: "report-refused", kind: "fault", sequence: 1, status }]);
    await reporter.stop();
    database.close();
    await platform.close();
    rmSync(folder, { recursive: true });
  });
});
