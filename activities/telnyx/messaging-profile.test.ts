import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestTelnyx } from "../../infra/local/doubles/telnyx/testing.ts";
import { TelnyxClient } from "./client.ts";
import { ensureMessagingProfile } from "./messaging-profile.ts";

let test: TestTelnyx;
let client: TelnyxClient;
beforeEach(async () => {
  test = await TestTelnyx.start();
  client = new TelnyxClient({ apiKey: test.double.apiKey, baseUrl: test.double.url });
});
afterEach(() => test.close());

const WEBHOOK = "https://platform.example/webhooks/telnyx";
const ensure = (webhookUrl?: string) =>
  ensureMessagingProfile(client, { name: "cv-test", ...(webhookUrl === undefined ? {} : { webhookUrl }) });
const read = async (id: string) => (await test.sdk.messagingProfiles.retrieve(id)).data;

describe("the environment's messaging profile", () => {
  it("is made once: US only, limited in its daily spend, with its webhook", async () => {
    const id = await ensure(WEBHOOK);
    expect(await ensure(WEBHOOK)).toBe(id);
    expect(test.double.state().profiles).toHaveLength(1);
    expect(await read(id)).toMatchObject({
      name: "cv-test",
      whitelisted_destinations: ["US"],
      webhook_url: WEBHOOK,
      webhook_api_version: "2",
      enabled: true,
      daily_spend_limit: "5.00",
      daily_spend_limit_enabled: true,
    });
  });

  it("is brought back to its settings, and keeps a webhook that is not given", async () => {
    const id = await ensure(WEBHOOK);
    await test.sdk.messagingProfiles.update(id, {
      whitelisted_destinations: ["*"],
      daily_spend_limit_enabled: false,
    });
    expect(await ensure()).toBe(id);
    expect(await read(id)).toMatchObject({
      whitelisted_destinations: ["US"],
      daily_spend_limit_enabled: true,
      webhook_url: WEBHOOK,
    });
    await ensure(`${WEBHOOK}/2`);
    expect(await read(id)).toMatchObject({ webhook_url: `${WEBHOOK}/2` });
  });

  it("is adopted after a create whose answer was lost", async () => {
    test.double.faults.add({ match: { method: "POST" }, fault: { kind: "reset" }, position: "after" });
    await expect(ensure()).rejects.toMatchObject({ code: "ambiguous" });
    const id = await ensure();
    expect(test.double.state().profiles).toMatchObject([{ id }]);
  });

  it("is the oldest of several, for everybody, and no other environment's", async () => {
    await test.createProfile({ name: "cv-test-2" });
    const oldest = await test.createProfile();
    await test.advance(1_000);
    await test.createProfile();
    expect(await ensure()).toBe(oldest);
    expect(test.double.state().profiles).toHaveLength(3);
  });
});
