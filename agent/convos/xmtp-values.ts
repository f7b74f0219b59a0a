import type {
  ConsentState,
  GroupPermissionsOptions,
  PermissionPolicy,
  PermissionUpdateType,
  SortDirection,
} from "@xmtp/node-sdk";

/**
 * The values of the SDK's enums. The SDK declares them as ambient `const enum`, which cannot be used
 * where each file is compiled alone.
 */
export const CONSENT = { unknown: 0, allowed: 1, denied: 2 } as const satisfies Record<string, ConsentState>;

export const POLICY = { allow: 0, deny: 1, admin: 2, superAdmin: 3 } as const satisfies Record<
  string,
  PermissionPolicy
>;

export const PERMISSION = { addMember: 0 } as const satisfies Record<string, PermissionUpdateType>;

export const SORT = { ascending: 0, descending: 1 } as const satisfies Record<string, SortDirection>;

export const GROUP_PERMISSIONS = { default: 0, adminOnly: 1, custom: 2 } as const satisfies Record<
  string,
  GroupPermissionsOptions
>;
