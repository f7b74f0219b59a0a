import { AgentError, agentApi } from "./agent-api.js";
import { clearInvite, showInvite } from "./invite-card.js";

const PANELS = ["token-form", "choice", "waiting", "refused", "meeting"];
const POLL_EVERY_MS = 3_000;
const POLLS = 60;

const byId = (id) => document.getElementById(id);

/** The agent as reached with the visitor's token, which is nowhere else; undefined before and after. */
let agent;

/** Shows one panel and puts the reader there. */
function show(panel) {
  for (const id of PANELS) byId(id).hidden = id !== panel;
  byId("session").hidden = panel === "token-form";
  byId(panel === "token-form" ? "token" : `${panel}-title`).focus();
}

function forget(reason = "") {
  agent = undefined;
  for (const id of ["token-form", "conversation-form"]) byId(id).reset();
  clearInvite();
  showMode();
  show("token-form");
  byId("token-error").textContent = reason;
}

/**
 * Runs one request at a time and gives its result. Gives undefined when it failed, which is told in `place` (a refused
 * token where tokens are typed), and when the visitor has left meanwhile.
 */
async function attempt(button, place, action) {
  const asked = agent;
  byId(place).textContent = "";
  button.disabled = true;
  try {
    const result = await action();
    return agent === asked ? result : undefined;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    if (agent !== asked) return undefined;
    if (error.status === 401 || error.status === 403) forget(error.message);
    else byId(place).textContent = error.message;
    return undefined;
  } finally {
    button.disabled = false;
  }
}

/** With the invite at hand, or by asking for it. */
async function showConversation(known) {
  show("meeting");
  const retry = byId("show-invite");
  retry.hidden = known !== undefined;
  const invite = known ?? (await attempt(retry, "invite-error", () => agent.invite()));
  if (invite === undefined) return;
  retry.hidden = true;
  byId("invite-error").textContent =
    invite === null
      ? "It came in with somebody’s invite. Whoever runs the conversation can invite others."
      : "";
  if (invite !== null) showInvite(invite);
}

/** Shows the panel of where an agent is that has been given away. */
async function showPlace({ place, reason }) {
  if (place === "refused") {
    show("refused");
    byId("refused-reason").textContent = reason;
  } else if (place === "present") await showConversation();
  else await waitToBeLetIn();
}

/** Looks whether the agent was let in, for three minutes; then the visitor decides. */
async function waitToBeLetIn() {
  show("waiting");
  const again = byId("look-again");
  again.hidden = true;
  const asked = agent;
  for (let poll = 0; poll < POLLS; poll++) {
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    if (agent !== asked) return;
    const status = await attempt(again, "waiting-note", () => asked.status());
    if (agent !== asked) return;
    if (status !== undefined && status.place !== "waiting") {
      await showPlace(status);
      return;
    }
  }
  if (byId("waiting-note").textContent === "") byId("waiting-note").textContent = "Nobody has let it in yet.";
  again.hidden = false;
}

/** After a join that failed: whoever answered it with a no has the agent for good, other failures leave it free. */
async function lookWhetherRefused() {
  const asked = agent;
  try {
    const status = await asked?.status();
    if (status?.place === "refused" && agent === asked) await showPlace(status);
  } catch (error) {
    // The failure that led here is told already.
    if (!(error instanceof AgentError)) throw error;
  }
}

const mode = () => document.querySelector("input[name=mode]:checked").value;

function showMode() {
  const joining = mode() === "join";
  byId("invite-field").hidden = !joining;
  byId("name-hint").textContent = joining
    ? "The agent is called that there."
    : "The agent and the conversation are called that.";
  byId("go").textContent = joining ? "Join conversation" : "Create conversation";
  byId("conversation-error").textContent = "";
}

/** Only what the visitor filled in. */
const wishes = () =>
  Object.fromEntries(
    ["name", "instructions"].map((id) => [id, byId(id).value.trim()]).filter(([, value]) => value !== ""),
  );

byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = byId("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    byId("token-error").textContent = "Please enter the agent’s access token.";
    byId("token").focus();
    return;
  }
  const candidate = agentApi(token);
  const status = await attempt(byId("connect"), "token-error", () => candidate.status());
  if (status === undefined) return;
  agent = candidate;
  byId("token-form").reset();
  if (status.place === "free") show("choice");
  else await showPlace(status);
});

byId("conversation-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const invite = byId("join-invite").value.trim();
  const missing = mode() === "join" && invite === "";
  byId("join-invite-error").textContent = missing ? "Please paste the invite link." : "";
  if (missing) {
    byId("join-invite").focus();
    return;
  }
  if (mode() === "create") {
    const created = await attempt(byId("go"), "conversation-error", () => agent.create(wishes()));
    if (created !== undefined) await showConversation(created);
    return;
  }
  const entry = await attempt(byId("go"), "conversation-error", () => agent.join(invite, wishes()));
  if (entry?.joined) await showConversation();
  else if (entry !== undefined) await waitToBeLetIn();
  else await lookWhetherRefused();
});

for (const radio of document.querySelectorAll("input[name=mode]")) radio.addEventListener("change", showMode);
byId("show-invite").addEventListener("click", () => showConversation());
byId("look-again").addEventListener("click", () => waitToBeLetIn());
byId("forget").addEventListener("click", () => forget());
// A page that comes back from the browser's history comes back without a token.
window.addEventListener("pagehide", () => forget());

if ("serviceWorker" in navigator) {
  // Without it the page works as well, only not offline, and not from the home screen.
  navigator.serviceWorker
    .register("/web-tools/agents/sw.js", { scope: "/web-tools/agents" })
    .catch((error) => console.warn("no service worker:", error.name));
}
