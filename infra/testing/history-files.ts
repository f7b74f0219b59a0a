import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import proto from "@temporalio/proto";
import { WORKFLOW_TYPES } from "../../domain/workflow-types.ts";

// Not the SDK's `historyToJSON`: it fails when npm has installed protobufjs more than once.
const { History } = proto.temporal.api.history.v1;
type History = proto.temporal.api.history.v1.IHistory;
export type Payloads = proto.temporal.api.common.v1.IPayloads;

const DIR = join(import.meta.dirname, "..", "..", "workflows", "testdata", "histories");
const SUFFIX = ".json";
const IDENTITY = "recorded";

export type WorkflowType = keyof typeof WORKFLOW_TYPES;

export interface RecordedHistory {
  /** `<workflow type>.<path it took>` */
  readonly name: string;
  readonly type: WorkflowType;
  readonly bytes: number;
  readonly history: History;
}

/** Stores a history with one event a line, without what names the machine it was recorded on. */
export function writeHistory(type: WorkflowType, path: string, history: History): void {
  const { events = [] } = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  const lines = events.map((event: unknown) => JSON.stringify(event, withoutMachine)).join(",\n");
  writeFileSync(join(DIR, `${type}.${path}${SUFFIX}`), `{"events":[\n${lines}\n]}\n`);
}

export function readHistories(): RecordedHistory[] {
  const files = readdirSync(DIR).filter((file) => file.endsWith(SUFFIX));
  return files.sort().map((file) => {
    const text = readFileSync(join(DIR, file), "utf8");
    const name = file.slice(0, -SUFFIX.length);
    return { name, type: typeOf(name), bytes: text.length, history: History.fromObject(JSON.parse(text)) };
  });
}

function typeOf(name: string): WorkflowType {
  const type = Object.values(WORKFLOW_TYPES).find((one) => name.startsWith(`${one}.`));
  if (!type) throw new Error(`${name} is of no workflow type`);
  return type;
}

/** Identities and the names of sticky queues hold process and host, stack traces the paths of the sources. */
function withoutMachine(key: string, value: unknown): unknown {
  if (key === "identity") return IDENTITY;
  if (key === "stackTrace" || key === "workerVersion") return undefined;
  if (key === "name" && typeof value === "string" && value.includes("@")) return "sticky";
  return value;
}
