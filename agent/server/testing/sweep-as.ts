import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SweepReport, SweepRequest } from "./sweep.ts";

const PROGRAM = fileURLToPath(new URL("./sweep.ts", import.meta.url));

/** Runs the sweep as another user, which needs root. The needles go over standard input, so that it cannot find itself. */
export async function sweepAs(uid: number, request: SweepRequest): Promise<SweepReport> {
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "inherit"],
    uid,
    gid: uid,
  });
  child.stdin.end(JSON.stringify(request));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const report: SweepReport = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  return report;
}

/** The forms in which a secret could lie about: as written, and where it is hex its bytes and their base64. */
export function formsOf(name: string, secret: string): SweepRequest["needles"] {
  const forms = [{ name, base64: Buffer.from(secret, "utf8").toString("base64") }];
  const hex = secret.replace(/^0x/, "");
  if (!/^[0-9a-f]{64}$/.test(hex)) return forms;
  const bytes = Buffer.from(hex, "hex");
  return [
    ...forms,
    { name: `${name} (hex)`, base64: Buffer.from(hex, "utf8").toString("base64") },
    { name: `${name} (bytes)`, base64: bytes.toString("base64") },
    { name: `${name} (base64)`, base64: Buffer.from(bytes.toString("base64"), "utf8").toString("base64") },
  ];
}
