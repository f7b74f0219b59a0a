import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
import { loadAssets } from "./src/assets.ts";
import { createHandler } from "./src/handler.ts";
import { BASE_PATH } from "./src/routes.ts";

export default definePluginEntry({
  id: "web-tools",
  name: "Web tools",
  description: "Pages of the agent: a landing page for people and a booking form to practise browsing on.",
  register(api) {
    // openclaw also loads plugins to see what they offer; files are read by the gateway that serves them alone.
    if (api.registrationMode !== "full") return;
    const qrEncoderFile = api.pluginConfig?.qrEncoderFile;
    if (typeof qrEncoderFile !== "string")
      throw new Error("web-tools needs qrEncoderFile in its configuration");
    api.registerHttpRoute({
      path: BASE_PATH,
      match: "prefix",
      auth: "plugin",
      handler: createHandler(loadAssets(qrEncoderFile)),
    });
  },
});
