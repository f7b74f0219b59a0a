import Docker from "dockerode";
import { PlatformError } from "../../../domain/errors.ts";
import { inspected, listedContainers, listedVolumes, type VolumeAnswer, volumeAnswer } from "./answers.ts";
import { classify, statusOf } from "./classify.ts";
import { readPull } from "./read-pull.ts";

const CALL_TIMEOUT_MS = 15_000;

/** Where the daemon listens; `DOCKER_HOST` is not read. */
export type DaemonAddress = { socketPath: string } | { host: string; port: number };

export type Labels = Readonly<Record<string, string>>;

export interface Container {
  id: string;
  labels: Labels;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  status: string;
  exitCode: number;
  /** By container port, such as `8080/tcp`. */
  hostPorts: ReadonlyMap<string, number>;
}

interface Call {
  what: string;
  isRead?: boolean;
  /** Statuses that are answers here, not failures: then the result is undefined. */
  accept?: readonly number[];
  timeoutMs?: number;
}

/**
 * The few calls of the Engine API that the driver makes, through dockerode, which has no time limits of its own and
 * puts what it is given into the URL unless it is told apart as `_query` and `_body`.
 */
export class ContainerEngine {
  readonly #docker: Docker;

  constructor(address: DaemonAddress) {
    // Without a version in the path the daemon uses its own. Both are named, so that DOCKER_HOST fills in neither.
    const nowhere = { socketPath: undefined, host: undefined, port: undefined };
    this.#docker = new Docker({ protocol: "http", ...nowhere, ...address });
  }

  async container(name: string): Promise<Container | undefined> {
    const call: Call = { what: "container inspect", isRead: true, accept: [404] };
    const answer: unknown = await this.#call(call, (abortSignal) =>
      this.#docker.getContainer(name).inspect({ abortSignal }),
    );
    if (answer === undefined) return undefined;
    if (!inspected.Check(answer)) throw unreadable(call);
    const { Id, State, Config, NetworkSettings } = answer;
    const ports = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) =>
      bindings?.[0] ? [[port, Number(bindings[0].HostPort)] as const] : [],
    );
    return {
      id: Id,
      labels: Config.Labels ?? {},
      status: State.Status,
      exitCode: State.ExitCode,
      hostPorts: new Map(ports),
    };
  }

  /** False when the name is taken. */
  async createContainer(name: string, body: Docker.ContainerCreateOptions): Promise<boolean> {
    const made = await this.#call({ what: "container create", accept: [409] }, (abortSignal) => {
      const options = { _query: { name }, _body: body, abortSignal };
      return this.#docker.createContainer(options);
    });
    return made !== undefined;
  }

  /** Succeeds when it runs already. */
  async startContainer(name: string): Promise<void> {
    await this.#call({ what: "container start", accept: [304] }, (abortSignal) =>
      this.#docker.getContainer(name).start({ abortSignal }),
    );
  }

  /** SIGTERM, after the grace SIGKILL. Succeeds when it does not run or is not there. */
  async stopContainer(id: string, graceMs: number): Promise<void> {
    const call = { what: "container stop", accept: [304, 404], timeoutMs: graceMs + CALL_TIMEOUT_MS };
    await this.#call(call, (abortSignal) =>
      this.#docker.getContainer(id).stop({ t: Math.ceil(graceMs / 1000), abortSignal }),
    );
  }

  /** Begins its removal, running or not. Succeeds when there is none, or it is being removed; look whether it is gone. */
  async removeContainer(id: string): Promise<void> {
    await this.#call({ what: "container remove", accept: [404, 409] }, (abortSignal) =>
      this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    );
  }

  /** Every container with the labels, whatever its state. */
  async containers(labels: Labels): Promise<{ name: string; status: string; labels: Labels }[]> {
    const call: Call = { what: "container list", isRead: true };
    const answer: unknown = await this.#call(call, (abortSignal) =>
      this.#docker.listContainers({ all: true, filters: { label: filterOf(labels) }, abortSignal }),
    );
    if (!listedContainers.Check(answer)) throw unreadable(call);
    return answer.map(({ Names, State, Labels: found }) => {
      return { name: (Names[0] ?? "").replace(/^\//, ""), status: State, labels: found ?? {} };
    });
  }

  async volume(name: string): Promise<{ labels: Labels } | undefined> {
    const call: Call = { what: "volume inspect", isRead: true, accept: [404] };
    const answer: unknown = await this.#call(call, (abortSignal) =>
      this.#docker.getVolume(name).inspect({ abortSignal }),
    );
    if (answer === undefined) return undefined;
    if (!volumeAnswer.Check(answer)) throw unreadable(call);
    return { labels: answer.Labels ?? {} };
  }

  /** One of the name stays as it is. */
  async createVolume(name: string, labels: Labels): Promise<void> {
    await this.#call({ what: "volume create" }, (abortSignal) => {
      const options = { _query: {}, _body: { Name: name, Labels: labels }, abortSignal };
      return this.#docker.createVolume(options);
    });
  }

  /** Succeeds when there is none. Throws `transient` while a container uses it. */
  async removeVolume(name: string): Promise<void> {
    await this.#call({ what: "volume remove", accept: [404] }, (abortSignal) =>
      this.#docker.getVolume(name).remove({ abortSignal }),
    );
  }

  async volumes(labels: Labels): Promise<string[]> {
    const call: Call = { what: "volume list", isRead: true };
    const answer: unknown = await this.#call(call, (abortSignal) =>
      this.#docker.listVolumes({ filters: { label: filterOf(labels) }, abortSignal }),
    );
    if (!listedVolumes.Check(answer)) throw unreadable(call);
    return (answer.Volumes ?? []).map(({ Name }: VolumeAnswer) => Name);
  }

  async hasImage(image: string): Promise<boolean> {
    const answer = await this.#call({ what: "image inspect", isRead: true, accept: [404] }, () =>
      this.#docker.getImage(image).inspect(),
    );
    return answer !== undefined;
  }

  /** `digest` as `sha256:…`. Throws `invalid`, `denied` or `throttled` as its registry says, `transient` otherwise. */
  async pull(repository: string, digest: string, timeoutMs: number): Promise<void> {
    const call: Call = { what: "image pull", isRead: true, accept: [404], timeoutMs };
    const pulled = await this.#call(call, async (abortSignal) => {
      const options = { _query: { fromImage: repository, tag: digest }, _body: {}, abortSignal };
      await readPull(bytesOf(await this.#docker.createImage(options)));
      return true;
    });
    if (!pulled)
      throw new PlatformError("invalid", { detail: "no registry has the agent's image, or not for us" });
  }

  /** dockerode never ends by itself when an answer breaks off in the middle, so the time limit is ours. */
  async #call<T>(call: Call, work: (abortSignal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { what, isRead = false, accept = [], timeoutMs = CALL_TIMEOUT_MS } = call;
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const detail = `the container daemon did not answer to ${what} in time`;
      reject(new PlatformError(isRead ? "transient" : "ambiguous", { detail }));
      controller.abort();
    }, timeoutMs);
    try {
      return await Promise.race([work(controller.signal), tooLate]);
    } catch (error) {
      if (accept.includes(statusOf(error) ?? 0)) return undefined;
      throw classify(error, what, isRead);
    } finally {
      clearTimeout(timer);
    }
  }
}

const filterOf = (labels: Labels): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

/** dockerode types its streams without saying what is in them. */
async function* bytesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer | string> {
  for await (const chunk of stream) yield chunk;
}

const unreadable = ({ what }: Call): PlatformError =>
  new PlatformError("transient", { detail: `the container daemon's answer to ${what} cannot be read` });
