import { readdir, readFile } from "node:fs/promises";
import { sql } from "kysely";
import { textsIn } from "../../activities/audit/texts-in.ts";
import type { Database } from "../../activities/registry/database.ts";
import type { Place } from "./canary-search.ts";
import type { TestPlatform } from "./platform.ts";

/** Every history with what is stored beside it: ids, memo, search attributes, summaries. */
export async function temporalPlaces({ temporal }: TestPlatform): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { workflowId, runId, type } of temporal.workflow.list()) {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    const [history, { raw }] = [await handle.fetchHistory(), await handle.describe()];
    places.push({ where: `a workflow's history (${type})`, text: textsIn(history).join("\n") });
    places.push({ where: `a workflow's description (${type})`, text: textsIn(raw).join("\n") });
  }
  return places;
}

/** Every table, row by row; sealed columns included, as there must be nothing readable in them. */
export async function postgresPlaces(db: Database): Promise<Place[]> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`.execute(db);
  const places: Place[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<object>`SELECT * FROM ${sql.table(name)}`.execute(db);
    for (const row of rows) {
      for (const [column, value] of Object.entries(row))
        places.push({ where: `table ${name}.${column}`, text: textOf(value) });
    }
  }
  return places;
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export const OWN_ENVIRONMENT = "the environment of a program of the platform";

/** Arguments and environments of all processes of this machine that may be read; `own`: the platform's programs. */
export async function processPlaces(own: ReadonlySet<number>): Promise<Place[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const files = await Promise.all(
    pids.map(async (pid) => ({
      isOwn: own.has(pid),
      args: await readProc(pid, "cmdline"),
      environment: await readProc(pid, "environ"),
    })),
  );
  return files.flatMap(({ isOwn, args, environment }) => [
    { where: "a process's arguments", text: args },
    { where: isOwn ? OWN_ENVIRONMENT : "a process's environment", text: environment },
  ]);
}

async function readProc(pid: number, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended, or is another user's.
    return "";
  }
}

/** What the provider's double noted of each request's URL, and what it shows of what it has. */
export async function providerPlaces({ openrouter }: TestPlatform): Promise<Place[]> {
  const base = new URL(openrouter.url).origin;
  const log = await (await fetch(`${base}/__double/log`)).text();
  return [
    { where: "a URL at a provider", text: log },
    { where: "a provider's inventory", text: JSON.stringify(openrouter.state()) },
  ];
}

/** What every GET of the document answers, to callers of each kind. */
export async function answerPlaces(
  { apiUrl }: TestPlatform,
  tokens: Readonly<Record<string, string | undefined>>,
  ids: { readonly instances: readonly string[]; readonly claims: readonly string[] },
): Promise<Place[]> {
  const { paths } = Object(await (await fetch(`${apiUrl}/openapi.json`)).json());
  const gets = Object.entries(Object(paths)).flatMap(([path, methods]) =>
    "get" in Object(methods) ? [path] : [],
  );
  const places: Place[] = [];
  for (const path of [...gets, "/openapi.json", "/docs"]) {
    const own = path.startsWith("/api/claims/") ? ids.claims : ids.instances;
    for (const id of path.includes("{id}") ? own : [""]) {
      for (const [who, token] of Object.entries(tokens)) {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const answer = await fetch(`${apiUrl}${path.replace("{id}", id)}`, { headers });
        const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
        places.push({ where: `the answer to GET ${path} (${who})`, text });
      }
    }
  }
  return places;
}
