import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../domain/agent-protocol.ts";
import { createGatewayClient } from "./gateway-client.ts";
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
    platform.refuseWith = 401;
    expect(await client.report(event, AbortSignal.timeout(300))).toBe("aborted");
    await platform.close();
    expect(await client.report(event, AbortSignal.timeout(300))).toBe("aborted");
    expect(logged).toContain("report-failed");
  });
});
