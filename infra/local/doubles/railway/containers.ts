import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DeploymentRecord } from "./records.ts";
import type { Workspace } from "./workspace.ts";

/** What a service is to run. */
export interface ContainerSpec {
  projectId: string;
  serviceId: string;
  image: string;
  /** The service's variables and those that the provider adds. */
  variables: Readonly<Record<string, string>>;
  /** The folder that is its volume; undefined when it has none. */
  volumeDir: string | undefined;
}

export interface Container {
  /** Where it listens. */
  url: string;
  stop(): Promise<void>;
  /** Resolves with the exit code when it ends, null when a signal ended it. */
  exited?: Promise<number | null>;
}

export type RunContainer = (spec: ContainerSpec) => Promise<Container>;

type Condition = "starting" | "up" | "failed" | "exited";

interface Run {
  condition: Condition;
  url: string | undefined;
  /** Settles when the start has succeeded or failed. */
  started: Promise<void>;
  container: Container | undefined;
}

/** The containers behind deployments. Without a way to run them each is up at once, and answers nothing. */
export class Containers {
  readonly #workspace: Workspace;
  readonly #run: RunContainer | undefined;
  readonly #volumesDir: string;
  readonly #runs = new Map<string, Run>();
  /** The end of the last stop of each service: one container at a time has its volume. */
  readonly #stops = new Map<string, Promise<void>>();

  constructor(workspace: Workspace, run: RunContainer | undefined, volumesDir: string) {
    this.#workspace = workspace;
    this.#run = run;
    this.#volumesDir = volumesDir;
  }

  /** Starts the deployment's container unless that was done, and says how it is. */
  ensure(deployment: DeploymentRecord): Condition {
    if (this.#run === undefined) return "up";
    const known = this.#runs.get(deployment.id);
    if (known !== undefined) return known.condition;
    const run: Run = {
      condition: "starting",
      url: undefined,
      started: Promise.resolve(),
      container: undefined,
    };
    this.#runs.set(deployment.id, run);
    run.started = this.#start(this.#run, deployment, run);
    return "starting";
  }

  stop(deployment: DeploymentRecord): void {
    const run = this.#runs.get(deployment.id);
    if (run === undefined) return;
    this.#runs.delete(deployment.id);
    const earlier = this.#stops.get(deployment.serviceId);
    const stopped = run.started.then(() => run.container?.stop()).catch(report);
    this.#stops.set(
      deployment.serviceId,
      stopped.then(() => earlier),
    );
  }

  /** Where the service's running container listens. */
  urlOf(serviceId: string): string | undefined {
    const running = this.#workspace.deployments
      .values()
      .findLast((each) => each.serviceId === serviceId && this.#runs.get(each.id)?.condition === "up");
    return running && this.#runs.get(running.id)?.url;
  }

  dropVolume(volumeId: string): void {
    rmSync(join(this.#volumesDir, volumeId), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const deployment of this.#workspace.deployments.values()) this.stop(deployment);
    await Promise.all(this.#stops.values());
  }

  async #start(runContainer: RunContainer, deployment: DeploymentRecord, run: Run): Promise<void> {
    try {
      await this.#stops.get(deployment.serviceId);
      const container = await runContainer(this.#specOf(deployment));
      run.container = container;
      run.url = container.url;
      run.condition = "up";
      container.exited?.then((code) => {
        run.condition = code === 0 ? "exited" : "failed";
      }, report);
    } catch (error) {
      run.condition = "failed";
      report(error);
    }
  }

  #specOf({ serviceId, config }: DeploymentRecord): ContainerSpec {
    const workspace = this.#workspace;
    const projectId = workspace.services.get(serviceId)?.projectId ?? "";
    const domain = workspace.domains
      .values()
      .find((each) => each.serviceId === serviceId && each.deletedAtMs === null);
    const volume = workspace.volumes
      .values()
      .find((each) => each.serviceId === serviceId && each.deletingSinceMs === null);
    const volumeDir = volume && join(this.#volumesDir, volume.id);
    if (volumeDir !== undefined) mkdirSync(volumeDir, { recursive: true, mode: 0o700 });
    return {
      projectId,
      serviceId,
      image: config.image ?? "",
      variables: {
        RAILWAY_PROJECT_ID: projectId,
        RAILWAY_SERVICE_ID: serviceId,
        ...(domain && { RAILWAY_PUBLIC_DOMAIN: domain.domain }),
        ...(volume && { RAILWAY_VOLUME_MOUNT_PATH: volume.mountPath }),
        ...config.variables,
      },
      volumeDir,
    };
  }
}

/** What became of a container is seen in its deployment; the text of an error may quote variables. */
function report(error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error;
  process.stderr.write(`${JSON.stringify({ level: "warn", event: "double.container-failed", kind })}\n`);
}
