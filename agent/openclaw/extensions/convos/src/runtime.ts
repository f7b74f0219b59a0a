import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";

let current: PluginRuntime | undefined;

export const setRuntime = (runtime: PluginRuntime): void => {
  current = runtime;
};

export function getRuntime(): PluginRuntime {
  if (!current) throw new Error("the gateway has not handed over its runtime");
  return current;
}
