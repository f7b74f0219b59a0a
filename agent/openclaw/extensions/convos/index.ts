import { defineChannelPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { convosPlugin } from "./src/plugin.ts";
import { setRuntime } from "./src/runtime.ts";

export default defineChannelPluginEntry({
  id: "convos",
  name: "Convos channel",
  description: "Carries one group conversation between the agent's server and the model.",
  plugin: convosPlugin,
  setRuntime,
});
