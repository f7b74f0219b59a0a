import type { DeploymentRecord, RuleRecord } from "./records.ts";
import type { Workspace } from "./workspace.ts";

const DELIVERY_TIMEOUT_MS = 5_000;
const MAX_WAITING = 1_000;
const SEVERITY: Readonly<Record<string, string>> = {
  "Deployment.failed": "WARNING",
  "Deployment.crashed": "CRITICAL",
  "Deployment.oom_killed": "CRITICAL",
};

/** Tells the rules' URLs what happened: unsigned, at most once, in no promised order. Nothing waits for it. */
export class Webhooks {
  readonly #workspace: Workspace;
  #held: (() => Promise<void>)[] = [];
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  notify(type: string, deployment: DeploymentRecord): void {
    const { webhookCopies, webhookReorder } = this.#workspace.settings;
    const service = this.#workspace.services.get(deployment.serviceId);
    const rules = this.#workspace.rules
      .values()
      .filter(({ projectId }) => projectId === null || projectId === service?.projectId)
      .filter(({ eventTypes }) => eventTypes.includes(type));
    const body = JSON.stringify(this.#body(type, deployment));
    for (const url of rules.flatMap(urlsOf)) {
      for (let copy = 0; copy < webhookCopies; copy++) this.#held.push(() => post(url, body));
    }
    if (webhookReorder && this.#held.length < 2) return;
    for (const send of webhookReorder ? this.#held.reverse() : this.#held) this.#enqueue(send);
    this.#held = [];
  }

  /** Ends when what was being delivered is out or has failed. */
  close(): Promise<void> {
    return this.#sending;
  }

  #enqueue(send: () => Promise<void>): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    this.#sending = this.#sending.then(send).finally(() => {
      this.#waiting -= 1;
    });
  }

  #body(type: string, deployment: DeploymentRecord): unknown {
    const workspace = this.#workspace;
    const service = workspace.services.get(deployment.serviceId);
    const project = service && workspace.projects.get(service.projectId);
    const opposite = deployment.status === "SUCCESS" ? "FAILED" : "SUCCESS";
    const status = workspace.settings.webhookContradicts ? opposite : deployment.status;
    return {
      type,
      details: { id: deployment.id, source: "image", status },
      resource: {
        workspace: { id: workspace.id, name: workspace.name },
        project: { id: project?.id, name: project?.name },
        environment: { id: project?.environmentId, name: project?.environmentName, isEphemeral: false },
        service: { id: service?.id, name: service?.name },
        deployment: { id: deployment.id },
      },
      severity: SEVERITY[type] ?? "INFO",
      timestamp: workspace.clock.nowIso(),
    };
  }
}

function urlsOf({ channels }: RuleRecord): string[] {
  return channels.flatMap(({ config }) =>
    config.type === "webhook" && typeof config.url === "string" ? [config.url] : [],
  );
}

async function post(url: string, body: string): Promise<void> {
  try {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(DELIVERY_TIMEOUT_MS);
    const response = await fetch(url, { method: "POST", headers, body, signal });
    await response.body?.cancel();
  } catch (error) {
    // The URL holds the receiver's secret, and the error may hold the URL.
    const kind = error instanceof Error ? error.name : typeof error;
    process.stderr.write(`${JSON.stringify({ level: "warn", event: "double.webhook-lost", kind })}\n`);
  }
}
