import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
import { readOfferedTools } from "./src/offered-tools.ts";
import { createToolClient } from "./src/tool-client.ts";

export default definePluginEntry({
  id: "skills",
  name: "Skills",
  description: "Tools of the agent's skills; its server does what they do.",
  register(api) {
    const { url, token } = api.pluginConfig ?? {};
    const use = createToolClient({ url: String(url), token: String(token) });
    for (const { name, description, parameters, timeoutMs } of readOfferedTools())
      api.registerTool({
        name,
        label: name,
        description,
        parameters,
        execute: async (callId: string, params: unknown, signal?: AbortSignal, onUpdate?: Update) => {
          const progress = (line: string): void =>
            onUpdate?.({ content: [{ type: "text", text: line }], details: {} });
          const { text, images } = await use(name, { callId, params }, { signal, timeoutMs, progress });
          const pictures = images.map(({ mimeType, base64: data }) => ({
            type: "image" as const,
            mimeType,
            data,
          }));
          return { content: [{ type: "text" as const, text }, ...pictures], details: {} };
        },
      });
  },
});

type Update = (partial: { content: { type: "text"; text: string }[]; details: object }) => void;
