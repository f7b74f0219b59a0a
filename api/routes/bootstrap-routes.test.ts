import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { issueBootstrapToken } from "../../activities/registry/bootstrap.ts";
import { fence } from "../../activities/registry/end.ts";
import { agentSecrets, storeSecret } from "../../activities/registry/secrets.ts";
import { fetchSecrets } from "../../agent/server/bootstrap.ts";
import { type InstanceId, parseEpoch } from "../../domain/ids.ts";
import { type Fixture, startFixture } from "../testing/fixture.ts";
import { type Answer, call } from "../testing/http.ts";
import { reportingInstance } from "../testing/instances.ts";

const MODEL_KEY = "sk-or-only-this-agents";
let fixture: Fixture;
let url: string;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function launched(): Promise<{ id: InstanceId; token: string }> {
  const { id } = await reportingInstance(fixture.registry);
  await storeSecret(fixture.registry, fixture.registry.db, id, "model-key", MODEL_KEY);
  const epoch = parseEpoch(1);
  if (!epoch) throw new Error("not an epoch");
  return { id, token: await issueBootstrapToken(fixture.registry, id, epoch) };
}
const post = (id: string, token: string, body: unknown = { epoch: 1 }): Promise<Answer> =>
  call(url, `/api/instances/${id}/bootstrap`, { body, token });

test("the agent gets its secrets once, uncached, and they are logged nowhere", async () => {
  const { id, token } = await launched();
  const secrets = await agentSecrets(fixture.registry, id);
  const first = await post(id, token);
  expect(first.status).toBe(200);
  expect(first.headers.get("cache-control")).toBe("no-store");
  expect(first.body).toEqual(secrets);
  expect(first.body.modelKey).toBe(MODEL_KEY);
  expect((await post(id, token)).status).toBe(401);
  const log = JSON.stringify(fixture.log);
  expect(log).toContain("/api/instances/:id/bootstrap");
  for (const secret of [token, ...Object.values(secrets)]) expect(log).not.toContain(secret);
});

test("the agent's own client gets them", async () => {
  const { id, token } = await launched();
  const options = { gatewayUrl: url, instanceId: id, epoch: 1, token, log: () => undefined };
  expect(await fetchSecrets(options)).toEqual(await agentSecrets(fixture.registry, id));
  await expect(fetchSecrets(options)).rejects.toMatchObject({ name: "BootstrapError", kind: "refused" });
});

test("refusals cannot be told from one another", async () => {
  const [used, fenced, other] = [await launched(), await launched(), await launched()];
  await post(used.id, used.token);
  await fence(fixture.registry, fenced.id, "operator");
  const wrong = randomBytes(32).toString("base64url");
  const answers = [
    await post(used.id, used.token),
    await post(fenced.id, fenced.token),
    await post(other.id, other.token, { epoch: 2 }),
    await post(other.id, wrong),
    await post(other.id, "short"),
    await post(other.id, ""),
    await post("nobody000000", other.token),
  ];
  const shapes = answers.map(({ status, headers, body: { instance, ...body } }) => {
    expect(instance).toMatch(/^urn:request:/);
    return JSON.stringify([status, body, headers.get("www-authenticate"), headers.get("content-type")]);
  });
  expect(new Set(shapes).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  expect((await post(other.id, other.token)).status).toBe(200);
});

test("a body that is not one is refused before the token is used up", async () => {
  const { id, token } = await launched();
  for (const body of [{}, { epoch: 0 }, { epoch: "1" }, { epoch: 1, more: 1 }])
    expect((await post(id, token, body)).body.code).toBe("invalid-request");
  expect((await post(id, token, { epoch: 1, padding: "x".repeat(300) })).body.code).toBe("payload-too-large");
  expect((await post(id, token)).status).toBe(200);
});

test("what the caller of the platform has opens nothing here", async () => {
  const { id } = await launched();
  expect((await call(url, `/api/instances/${id}/bootstrap`, { body: { epoch: 1 } })).status).toBe(401);
});
