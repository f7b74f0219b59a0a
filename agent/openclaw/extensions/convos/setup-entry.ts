import { defineSetupPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { convosPlugin } from "./src/plugin.ts";

export default defineSetupPluginEntry(convosPlugin);
