/**
 * The skills from a shell. `node skills/skill.mjs setup <skill>` says whether a skill is configured; `node skills/skill.mjs
 * use <tool> '<json>'` uses a tool as the model does, under the same rules.
 */
const { CONVOS_SKILLS_URL: url, CONVOS_LOOPBACK_TOKEN: token } = process.env;
const [verb, name, json = "{}"] = process.argv.slice(2);

const ask = (path, body) =>
  fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });

async function setup() {
  const response = await ask(`/${name}`);
  const { state = "unknown", detail = "There is no such skill." } = await response.json();
  console.log(`${name}: ${state}. ${detail}`);
  return state === "ready" ? 0 : 1;
}

async function use() {
  const callId = `shell-${crypto.randomUUID()}`;
  const response = await ask(`/tools/${name}`, { callId, params: JSON.parse(json) });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const { text, refusal = "There is no such tool." } = JSON.parse(lines.at(-1) ?? "{}");
  console.log(text ?? refusal);
  return text === undefined ? 1 : 0;
}

const verbs = { setup, use };
if (url === undefined || token === undefined || name === undefined || !(verb in verbs)) {
  console.error(
    "usage: node skills/skill.mjs setup <skill> | use <tool> '<json>'   (in the agent's own shell)",
  );
  process.exit(64);
}
process.exit(await verbs[verb]());
