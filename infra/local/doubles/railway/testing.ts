import { type RailwayDouble, type RailwayDoubleOptions, startRailwayDouble } from "./server.ts";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Reads a value of the JSON body by its path, undefined when there is none. */
  at(...path: (string | number)[]): unknown;
  /** The message of the first error, undefined without one. */
  message: unknown;
}

/** A double with a plain HTTP client, for tests of what goes over the wire. */
export class TestRailway {
  readonly double: RailwayDouble;

  private constructor(double: RailwayDouble) {
    this.double = double;
  }

  static async start(options: RailwayDoubleOptions = {}): Promise<TestRailway> {
    return new TestRailway(await startRailwayDouble(options));
  }

  /** Sends a document with the token, or another one. */
  async send(
    query: string,
    variables: Record<string, unknown> = {},
    token: string | null = this.double.token,
  ): Promise<Answer> {
    const response = await fetch(this.double.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    const at = (...steps: (string | number)[]) => descend(parse(text), steps);
    return {
      status: response.status,
      headers: response.headers,
      text,
      at,
      message: at("errors", 0, "message"),
    };
  }

  async project(name = "a-project"): Promise<{ id: string; environmentId: string; answer: Answer }> {
    const answer = await this.send(
      "mutation($input: ProjectCreateInput!) { projectCreate(input: $input) { id name primaryEnvironmentId } }",
      { input: { name, workspaceId: this.double.workspaceId } },
    );
    const id = String(answer.at("data", "projectCreate", "id"));
    return { id, environmentId: String(answer.at("data", "projectCreate", "primaryEnvironmentId")), answer };
  }

  async service(projectId: string, input: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.send(
      "mutation($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }",
      { input: { projectId, ...input } },
    );
    return String(answer.at("data", "serviceCreate", "id"));
  }

  volume(projectId: string, serviceId: string): Promise<Answer> {
    return this.send("mutation($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }", {
      input: { projectId, serviceId, mountPath: "/data" },
    });
  }

  async domain(serviceId: string, environmentId: string): Promise<string> {
    const answer = await this.send(
      "mutation($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { domain } }",
      { input: { serviceId, environmentId, targetPort: 8080 } },
    );
    return String(answer.at("data", "serviceDomainCreate", "domain"));
  }

  patch(environmentId: string, serviceId: string, variables: Record<string, string>): Promise<Answer> {
    const values = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { value }]));
    return this.send(
      "mutation($e: String!, $patch: EnvironmentConfig) { environmentPatchCommit(environmentId: $e, patch: $patch) }",
      {
        e: environmentId,
        patch: { services: { [serviceId]: { source: { image: "an/image:1" }, variables: values } } },
      },
    );
  }

  /** The newest deployment of a service. */
  async latest(serviceId: string, environmentId: string): Promise<{ id: unknown; status: unknown }> {
    const answer = await this.send(
      "query($s: String!, $e: String!) { serviceInstance(serviceId: $s, environmentId: $e) { latestDeployment { id status } } }",
      { s: serviceId, e: environmentId },
    );
    const at = (field: string) => answer.at("data", "serviceInstance", "latestDeployment", field);
    return { id: at("id"), status: at("status") };
  }

  set(settings: Record<string, unknown>): Promise<Response> {
    return this.#control("PATCH", "settings", settings);
  }

  happen(serviceId: string, happening: string): Promise<Response> {
    return this.#control("POST", "happen", { serviceId, happening });
  }

  #control(method: string, path: string, body: unknown): Promise<Response> {
    return fetch(new URL(`/__double/railway/${path}`, this.double.url), {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  close(): Promise<void> {
    return this.double.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a test of a proxy's page reads the text.
    return undefined;
  }
}

function descend(value: unknown, steps: (string | number)[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, step)?.value;
  }
  return current;
}
