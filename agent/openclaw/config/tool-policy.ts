/** Tools that act on the machine; offered only when the gateway runs under a uid of its own. */
const HOST_TOOLS = ["exec", "process", "read", "write", "edit", "apply_patch"] as const;

/** Tools that stay inside the conversation or read public pages. */
const CHAT_TOOLS = ["message", "web_fetch", "view_image"] as const;

/** Tools that may be used twice: they only look, or what they say is said once under its own name. */
const REPEATABLE: ReadonlySet<string> = new Set(["message", "web_fetch", "view_image", "read"]);

/** Whether a turn in which the model used this tool may be run again from its beginning. */
export const changesNothing = (tool: string): boolean => REPEATABLE.has(tool);

/** Tools of openclaw's own that bring words from outside into the turn, or may. */
const FOREIGN: ReadonlySet<string> = new Set(["web_fetch", "view_image", "read", "exec", "process"]);

/** Whether the turn in which the model used this tool may be acting on the words of somebody outside. */
export const readsForeignWords = (tool: string): boolean => FOREIGN.has(tool);

/**
 * Named although the allow list leaves them out: a later default or plugin must not bring them back. They reach
 * into openclaw itself, act without being asked, wait for an operator or talk to somebody else.
 */
const NEVER = [
  "automations",
  "cron",
  "heartbeat_respond",
  "gateway",
  "plugins",
  "openclaw",
  "secrets",
  "nodes",
  "computer",
  "browser",
  "screen",
  "terminal",
  "portal",
  "dashboard",
  "theme",
  "canvas",
  "show_widget",
  "mobile_ui",
  "ask_user",
  "skill_workshop",
  "transcripts",
  "tts",
  "github_identity_status",
  "agents_list",
  "suggest_task",
  "dismiss_task",
  "group:sessions",
  "group:memory",
] as const;

export interface ToolPolicy {
  allow: string[];
  deny: string[];
}

/**
 * `hostTools` says whether the gateway is confined well enough for a shell and files; `skillTools` are those of the skills
 * that are configured.
 */
export const toolPolicy = (hostTools: boolean, skillTools: readonly string[]): ToolPolicy =>
  hostTools
    ? { allow: [...CHAT_TOOLS, ...skillTools, ...HOST_TOOLS], deny: [...NEVER] }
    : { allow: [...CHAT_TOOLS, ...skillTools], deny: [...NEVER, ...HOST_TOOLS, "code_execution"] };
