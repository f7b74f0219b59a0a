const GROUPS = {
  inbox: ["read", "create", "update", "delete"],
  message: ["read", "send", "update", "delete"],
  label: ["spam_read", "blocked_read", "unauthenticated_read", "trash_read"],
  draft: ["read", "create", "update", "delete", "send"],
  webhook: ["read", "create", "update", "delete"],
  domain: ["read", "create", "update", "delete"],
  list_entry: ["read", "create", "delete"],
  metrics: ["read"],
  api_key: ["read", "create", "update", "delete"],
  provider: ["connect", "share_owner"],
  pod: ["read", "create", "delete"],
};

/** Every permission a key can hold, as the API names it: `message_read`, `api_key_create`, … */
export const PERMISSIONS: readonly string[] = Object.entries(GROUPS).flatMap(([group, actions]) =>
  actions.map((action) => `${group}_${action}`),
);
