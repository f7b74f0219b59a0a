import type { RunningStack } from "./stack.ts";

/** The closing words of the start. Holds no secret: the tools find the key in the credentials file themselves. */
export function banner(stack: RunningStack, credentialsFile: string): string {
  return `
  Gateway      ${stack.apiUrl}/docs
  Temporal UI  ${stack.temporalUiUrl ?? "off"}
  Network      XMTP ${stack.xmtpNetwork}
  Providers    ${providers(stack)}
  API key      in ${credentialsFile}

  Claim an agent:   npm run claim -- --instructions "You are our trip planner"
  Talk to it:       npm run chat -- <invite>
  See the pool:     npm run status

  Ctrl-C stops everything; the state is kept.

`;
}

function providers({ standIns, realProviders }: RunningStack): string {
  const parts = [
    ...(realProviders.length > 0 ? [`real: ${realProviders.join(", ")}`] : []),
    ...(standIns.length > 0 ? [`local stand-ins: ${standIns.join(", ")}`] : []),
  ];
  return parts.join("; ");
}
