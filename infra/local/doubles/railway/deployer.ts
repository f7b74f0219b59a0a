import { randomUUID } from "node:crypto";
import type { Containers } from "./containers.ts";
import type { DeploymentRecord, ServiceRecord } from "./records.ts";
import type { Webhooks } from "./webhooks.ts";
import type { Workspace } from "./workspace.ts";

const IN_PROGRESS = new Set(["INITIALIZING", "BUILDING", "DEPLOYING", "QUEUED", "WAITING"]);
const NEXT: Readonly<Record<string, string>> = { INITIALIZING: "BUILDING", BUILDING: "DEPLOYING" };

/** What may happen to a service's newest deployment without anybody asking for it. */
export type Happening = "crash" | "oom" | "exit" | "sleep" | "resume" | "redeploy";

/** Walks deployments through their states on the virtual clock and tells the webhooks. */
export class Deployer {
  readonly #workspace: Workspace;
  readonly #containers: Containers;
  readonly #webhooks: Webhooks;

  constructor(workspace: Workspace, containers: Containers, webhooks: Webhooks) {
    this.#workspace = workspace;
    this.#containers = containers;
    this.#webhooks = webhooks;
  }

  /** Deploys what the service is configured to run. */
  deploy(service: ServiceRecord): DeploymentRecord {
    const nowMs = this.#workspace.clock.nowMs();
    const deployment: DeploymentRecord = {
      id: randomUUID(),
      serviceId: service.id,
      createdAtMs: nowMs,
      status: "INITIALIZING",
      stopped: false,
      outcome: this.#workspace.settings.deployOutcome,
      stepAtMs: nowMs + this.#workspace.settings.deployStepMs,
      config: service.config,
    };
    this.#put(deployment);
    return deployment;
  }

  /** Brings every deployment to where it stands now. */
  walk(): void {
    for (const { id } of this.#workspace.deployments.values()) {
      for (let moved = true; moved; ) moved = this.#step(id);
    }
  }

  stop(deployment: DeploymentRecord): void {
    this.#containers.stop(deployment);
    this.#put({ ...deployment, stopped: true });
  }

  remove(deployment: DeploymentRecord): void {
    this.#containers.stop(deployment);
    this.#put({ ...deployment, status: "REMOVED" });
  }

  happen(deployment: DeploymentRecord, happening: Happening): void {
    const become = (status: string, event: string) => {
      this.#put({ ...deployment, status });
      this.#webhooks.notify(event, { ...deployment, status });
    };
    if (happening === "redeploy") {
      const service = this.#workspace.services.get(deployment.serviceId);
      if (service !== undefined) this.deploy({ ...service, config: deployment.config });
    } else if (happening === "sleep") become("SLEEPING", "Deployment.slept");
    else if (happening === "resume") become("SUCCESS", "Deployment.resumed");
    else if (happening === "exit") this.stop(deployment);
    else {
      this.#containers.stop(deployment);
      become("CRASHED", happening === "oom" ? "Deployment.oom_killed" : "Deployment.crashed");
    }
  }

  /** One state further, when it is time; whether it moved. */
  #step(id: string): boolean {
    const deployment = this.#workspace.deployments.get(id);
    if (deployment === undefined || deployment.stopped) return false;
    if (deployment.status === "SUCCESS") return this.#runs(deployment);
    if (!IN_PROGRESS.has(deployment.status) || this.#workspace.clock.nowMs() < deployment.stepAtMs)
      return false;
    const next = NEXT[deployment.status];
    if (deployment.status === "BUILDING" && deployment.outcome !== "SUCCESS") {
      if (deployment.outcome === "stuckBuilding") return false;
      if (deployment.outcome === "FAILED") return this.#end(deployment, "FAILED", "Deployment.failed");
    }
    if (next !== undefined) {
      if (next === "DEPLOYING") this.#supersede(deployment);
      const stepAtMs = deployment.stepAtMs + this.#workspace.settings.deployStepMs;
      this.#put({ ...deployment, status: next, stepAtMs });
      return true;
    }
    if (deployment.outcome === "CRASHED") return this.#end(deployment, "CRASHED", "Deployment.crashed");
    if (deployment.outcome === "SLEEPING") return this.#end(deployment, "SLEEPING", "Deployment.slept");
    const condition = this.#containers.ensure(deployment);
    if (condition === "starting") return false;
    if (condition === "up") return this.#end(deployment, "SUCCESS", "Deployment.deployed");
    return this.#end(deployment, "FAILED", "Deployment.failed");
  }

  /** A running deployment keeps its container, also over a restart of the double, until it ends by itself. */
  #runs(deployment: DeploymentRecord): boolean {
    const condition = this.#containers.ensure(deployment);
    if (condition === "exited") this.stop(deployment);
    if (condition === "failed") return this.#end(deployment, "CRASHED", "Deployment.crashed");
    return false;
  }

  /** A service has a volume, so its older deployments end before the new one starts. */
  #supersede(deployment: DeploymentRecord): void {
    for (const older of this.#workspace.deployments.values()) {
      if (older.id === deployment.id) return;
      if (older.serviceId === deployment.serviceId && older.status !== "REMOVED") this.remove(older);
    }
  }

  #end(deployment: DeploymentRecord, status: string, event: string): true {
    const ended = { ...deployment, status };
    this.#put(ended);
    this.#webhooks.notify(event, ended);
    return true;
  }

  #put(deployment: DeploymentRecord): void {
    this.#workspace.deployments.put(deployment.id, deployment);
  }
}
