/** A join waits for the people in the conversation for a while before it is pending. */
const TIMEOUT_MS = 60_000;
const MAX_PROBLEM_CHARS = 300;

const BY_STATUS = new Map([
  [401, "That token was not accepted. Please check it and try again."],
  [403, "That token was not accepted. Please check it and try again."],
  [404, "This agent does not offer that."],
  [429, "The agent is busy. Please try again in a minute."],
  [502, "The agent is not up yet. Please try again in a moment."],
  [503, "The agent is not up yet. Please try again in a moment."],
]);

const REFUSED = "The conversation did not let it in.";
const BY_REFUSAL = new Map([
  ["invite-expired", "The invite has expired."],
  ["invite-revoked", "The invite has been revoked."],
  ["conversation-full", "The conversation is full."],
  ["conversation-locked", "The conversation is locked."],
]);

/** A refusal, in words for the visitor. `status` is 0 when no answer came, `code` the agent's own word for it. */
export class AgentError extends Error {
  constructor(status, message, code) {
    super(message);
    this.name = "AgentError";
    this.status = status;
    this.code = code;
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const nonEmpty = (value) => typeof value === "string" && value !== "";

/** The agent's own API, on the origin that this page came from. The token is held by the closure alone. */
export function agentApi(token) {
  async function call(method, path, body) {
    const answer = await send(method, path, body);
    const content = await answer.json().catch(() => undefined); // Whatever is not JSON is told apart just below.
    if (!answer.ok) throw new AgentError(answer.status, messageOf(answer.status, content), content?.code);
    if (!isObject(content)) throw new AgentError(answer.status, "The agent's answer made no sense.");
    return content;
  }

  async function send(method, path, body) {
    try {
      return await fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      const slow = error instanceof DOMException && error.name === "TimeoutError";
      throw new AgentError(0, slow ? "The agent took too long." : "The agent cannot be reached.");
    }
  }

  return {
    /**
     * @returns {Promise<{place: "free" | "waiting" | "refused" | "present", reason?: string}>} whether it has a
     *   conversation, or asked to be let into one; `reason` is why nobody lets it in
     */
    async status() {
      const { claimed, memberCount, joinRefusal } = await call("GET", "/convos/status");
      if (!claimed) return { place: "free" };
      if (nonEmpty(joinRefusal)) return { place: "refused", reason: BY_REFUSAL.get(joinRefusal) ?? REFUSED };
      return { place: memberCount === null ? "waiting" : "present" };
    },
    /** @returns {Promise<string>} the invite to the new conversation */
    create: async (wishes) => inviteOf(await call("POST", "/convos/conversation", wishes)),
    /** @returns {Promise<{joined: boolean}>} `false` while nobody there has let it in */
    async join(inviteUrl, wishes) {
      const { status } = await call("POST", "/convos/join", { inviteUrl, ...wishes });
      return { joined: status === "joined" };
    },
    /** @returns {Promise<string | null>} null where the agent is a guest itself */
    async invite() {
      try {
        return inviteOf(await call("GET", "/convos/invite"));
      } catch (error) {
        if (error instanceof AgentError && error.code === "not-the-inviter") return null;
        throw error;
      }
    },
  };
}

function inviteOf({ inviteUrl }) {
  if (!nonEmpty(inviteUrl)) throw new AgentError(200, "The agent gave no invite.");
  return inviteUrl;
}

/** What the agent says of a problem is meant for people, except that a token is none of its words. */
function messageOf(status, content) {
  const told = isObject(content) ? [content.detail, content.title].find(nonEmpty) : undefined;
  const known = BY_STATUS.get(status);
  if (status === 401 || status === 403) return known;
  return told?.slice(0, MAX_PROBLEM_CHARS) ?? known ?? "The agent could not do that.";
}
