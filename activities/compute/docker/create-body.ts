import type Docker from "dockerode";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";

export interface ContainerLimits {
  memoryBytes: number;
  cpus: number;
  processesMax: number;
}

/** One openclaw gateway takes about 1.2 GB. */
export const DEFAULT_LIMITS: ContainerLimits = { memoryBytes: 2 * 1024 ** 3, cpus: 1, processesMax: 512 };

export const AGENT_PORT = "8080/tcp";
const STATE_DIR = "/state";
const STOP_GRACE_SECONDS = 10;

export interface AgentContainer {
  spec: LaunchSpec;
  image: string;
  command: readonly string[] | undefined;
  labels: Readonly<Record<string, string>>;
  volumeLabels: Readonly<Record<string, string>>;
  limits: ContainerLimits;
  gatewayUid: number | undefined;
  init: boolean;
  bootstrapToken: string;
}

/** What an agent's container is made of. The only thing to hide in it is the token, which is good once. */
export function createBody(agent: AgentContainer): Docker.ContainerCreateOptions {
  const { spec, image, command, labels, volumeLabels, limits, init } = agent;
  return {
    Image: image,
    ...(command && { Cmd: [...command] }),
    // The agent's server splits user ids below itself; what the model starts never is this user.
    User: "0:0",
    Env: Object.entries(environmentOf(agent)).map(([name, value]) => `${name}=${value}`),
    Labels: { ...labels },
    ExposedPorts: { [AGENT_PORT]: {} },
    StopTimeout: STOP_GRACE_SECONDS,
    HostConfig: {
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN", "SETUID", "SETGID", "KILL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      Init: init,
      PidsLimit: limits.processesMax,
      Memory: limits.memoryBytes,
      // No swap: what is secret stays in memory.
      MemorySwap: limits.memoryBytes,
      NanoCpus: Math.round(limits.cpus * 1e9),
      ReadonlyRootfs: true,
      Tmpfs: {
        "/tmp": "rw,exec,nosuid,nodev,size=268435456,mode=1777",
        "/run": "rw,noexec,nosuid,nodev,size=16777216,mode=755",
      },
      Mounts: [
        {
          Type: "volume",
          Source: spec.name,
          Target: STATE_DIR,
          ReadOnly: false,
          // A volume that is made by this mount, because it was removed meanwhile, is known as ours too.
          VolumeOptions: {
            NoCopy: true,
            Labels: { ...volumeLabels },
            DriverConfig: { Name: "local", Options: {} },
          },
        },
      ],
      PortBindings: { [AGENT_PORT]: [{ HostIp: "127.0.0.1", HostPort: "" }] },
      // The platform starts it again, with the next epoch.
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    },
  };
}

const environmentOf = ({ spec, gatewayUid, bootstrapToken }: AgentContainer): Record<string, string> => ({
  ...spec.environment,
  INSTANCE_ID: spec.instanceId,
  EPOCH: String(spec.epoch),
  GENERATION: spec.generation,
  HOST: "0.0.0.0",
  PORT: AGENT_PORT.replace("/tcp", ""),
  HOME: STATE_DIR,
  STATE_DIR,
  ...(gatewayUid !== undefined && { GATEWAY_UID: String(gatewayUid) }),
  BOOTSTRAP_TOKEN: bootstrapToken,
});
