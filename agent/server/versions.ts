import manifest from "../package.json" with { type: "json" };

/** What this agent is made of; the dependencies are pinned exactly, so the manifest says what runs. */
export const agentVersions: Readonly<Record<string, string>> = {
  node: process.versions.node,
  openclaw: manifest.dependencies.openclaw,
  "xmtp-node-sdk": manifest.dependencies["@xmtp/node-sdk"],
};
