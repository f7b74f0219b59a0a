import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { PlatformError } from "../../../domain/errors.ts";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import type { ServicePatch } from "../../railway/client.ts";

/** When the patch was made. It differs each time, as a patch that changes nothing deploys nothing. */
export const DEPLOYED_AT = "_DEPLOY_TS";
/** The deployment before this one, or `none`. */
export const REPLACES = "_REPLACES";

export interface ContainerOptions {
  image: string;
  /** Replaces the image's own command. */
  startCommand?: string;
  /** Where the volume is mounted: the agent's state folder. */
  mountPath: string;
  /** Where the agent listens. */
  targetPort: number;
  limits: { cpu: number; memoryBytes: number };
}

/** From SIGTERM to SIGKILL when a deployment is replaced. */
const DRAINING_SECONDS = 10;

/** One epoch as one patch. */
export function launchPatch(
  options: ContainerOptions,
  spec: LaunchSpec,
  facts: { bootstrapToken: string; replaces: string | undefined; now: Date },
): ServicePatch {
  const { image, startCommand, mountPath, targetPort, limits } = options;
  const variables: Record<string, string> = {
    ...spec.environment,
    INSTANCE_ID: spec.instanceId,
    EPOCH: String(spec.epoch),
    GENERATION: spec.generation,
    PORT: String(targetPort),
    STATE_DIR: mountPath,
    BOOTSTRAP_TOKEN: facts.bootstrapToken,
    // The volume belongs to root, and the first process has to be root to split the users under it.
    RAILWAY_RUN_UID: "0",
    [DEPLOYED_AT]: facts.now.toISOString(),
    [REPLACES]: facts.replaces ?? "none",
  };
  return {
    source: { image },
    deploy: {
      ...(startCommand !== undefined && { startCommand }),
      limitOverride: { containers: limits },
      // A start by the provider has no token to fetch secrets with: the platform starts the next epoch instead.
      restartPolicyType: "NEVER",
      sleepApplication: false,
      numReplicas: 1,
      drainingSeconds: DRAINING_SECONDS,
    },
    variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { value }])),
  };
}

/** Variables can be read by whoever reads the project; they hold nothing that is worth it for more than minutes. */
export function refuseSecrets({ variables }: ServicePatch, secrets: AgentSecrets): void {
  const values = Object.values(secrets);
  for (const [name, { value }] of Object.entries(variables)) {
    if (values.some((secret) => value.includes(secret)))
      throw new PlatformError("invalid", { detail: `the variable ${name} holds a secret` });
  }
}
