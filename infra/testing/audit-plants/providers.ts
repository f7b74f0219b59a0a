import { newInstanceId } from "../../../activities/registry/new-id.ts";
import { readSecret } from "../../../activities/registry/secrets.ts";
import { resourceName } from "../../../domain/ids.ts";
import type { TestPlatform } from "../platform.ts";
import type { Plant } from "./plant.ts";

const MODEL = "anthropic/claude-sonnet-4.5";
/** About three dollars of input. */
const COSTLY_CHARS = 4_000_000;

/** Breaches at the providers, made through their own interfaces. */
export const PROVIDER_PLANTS: readonly Plant[] = [
  {
    invariant: "I4",
    detail: "openrouter has its model-key, the ledger does not",
    what: "a key of nobody",
    make: ({ platform }) => withKey(platform, resourceName("cv", "test", newInstanceId())),
  },
  {
    invariant: "I4",
    detail: "openrouter has its model-key more than once",
    what: "a second key",
    make: ({ platform, idle }) => withKey(platform, idle.name),
  },
  {
    invariant: "I4",
    detail: "compute has its stand-in, the ledger does not",
    what: "an agent of nobody",
    make: ({ platform }) => withAgent(platform, newInstanceId()),
  },
  {
    invariant: "I4",
    detail: "the ledger has its model-key as active, openrouter does not",
    what: "a lost key",
    async make({ platform, idle }) {
      await manage(platform, "DELETE", `/keys/${keyOf(platform, idle.name).hash}`);
      return {
        subject: idle.name,
        undo: async () => void (await manage(platform, "POST", "/keys", { name: idle.name })),
      };
    },
  },
  {
    invariant: "I4",
    detail: "the ledger has its stand-in as active, compute does not",
    what: "a lost agent",
    async make({ platform, idle }) {
      await host(platform, "DELETE", idle.instanceId);
      return { subject: idle.name, undo: async () => void (await withAgent(platform, idle.instanceId)) };
    },
  },
  {
    invariant: "I5",
    detail: "openrouter has its model-key although it was made absent",
    what: "a key that came late",
    make: ({ platform, gone }) => withKey(platform, gone.name),
  },
  {
    invariant: "I5",
    detail: "compute has its stand-in although it was made absent",
    what: "an agent that came late",
    make: ({ platform, gone }) => withAgent(platform, gone.instanceId),
  },
  {
    invariant: "I7",
    detail: "the key spent more than its limit",
    what: "spending past the limit",
    async make({ platform, live }) {
      const { hash, limit } = keyOf(platform, live.name);
      const secret = await readSecret(platform.registry, live.instanceId, "model-key");
      const messages = [{ role: "user", content: "x".repeat(COSTLY_CHARS) }];
      await call(platform, secret ?? "", "POST", "/chat/completions", { model: MODEL, messages });
      await manage(platform, "PATCH", `/keys/${hash}`, { limit: 0 });
      return {
        subject: live.name,
        undo: async () => void (await manage(platform, "PATCH", `/keys/${hash}`, { limit })),
      };
    },
  },
];

/** Makes a key of the name, whatever else has that name. */
async function withKey(platform: TestPlatform, name: string) {
  const created = Object(await manage(platform, "POST", "/keys", { name, limit: 1 }));
  const { hash } = Object(created.data);
  return { subject: name, undo: async () => void (await manage(platform, "DELETE", `/keys/${hash}`)) };
}

async function withAgent(platform: TestPlatform, instanceId: string) {
  const name = `cv-test-${instanceId}`;
  const environment = { GATEWAY_URL: platform.apiUrl, MISBEHAVE: "never-ready" };
  const secret = "0".repeat(64);
  await host(platform, "PUT", instanceId, {
    spec: { instanceId, name, epoch: 1, generation: "g1", environment },
    secrets: { instanceSecret: secret, stateKey: secret, modelKey: "none" },
  });
  return { subject: name, undo: async () => void (await host(platform, "DELETE", instanceId)) };
}

function keyOf({ openrouter }: TestPlatform, name: string) {
  const key = openrouter.state().keys.find((one) => one.name === name);
  if (!key) throw new Error(`there is no key ${name}`);
  return key;
}

const manage = (platform: TestPlatform, method: string, path: string, body?: object) =>
  call(platform, platform.openrouter.managementKey, method, path, body);

const call = (platform: TestPlatform, key: string, method: string, path: string, body?: object) =>
  send(method, platform.openrouter.url + path, body, { authorization: `Bearer ${key}` });

const host = (platform: TestPlatform, method: string, instanceId: string, body?: object) =>
  send(method, `${platform.standInUrl}/agents/${instanceId}`, body);

async function send(method: string, url: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname} answered ${response.status}`);
  return answer;
}
