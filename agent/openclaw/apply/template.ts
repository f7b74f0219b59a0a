import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hashOf } from "./inspect-file.ts";
import { FILE_NAME } from "./snapshot.ts";

export const TEMPLATE_LIMITS = { maxFiles: 32, maxFileBytes: 64 * 1024 } as const;

export interface TemplateFile {
  content: Buffer;
  hash: string;
}

/** The Markdown files of a template folder by name, without those in `except`. Throws when one is beyond the limits. */
export async function readTemplate(
  dir: string,
  except: readonly string[],
): Promise<ReadonlyMap<string, TemplateFile>> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".md") && !except.includes(name));
  if (names.length > TEMPLATE_LIMITS.maxFiles) throw new RangeError("too many files in the template");
  const files = new Map<string, TemplateFile>();
  for (const name of names.sort()) {
    if (!FILE_NAME.test(name)) throw new RangeError(`a template file cannot be called ${name}`);
    const content = await readFile(join(dir, name));
    if (content.length > TEMPLATE_LIMITS.maxFileBytes) throw new RangeError(`${name} is too large`);
    files.set(name, { content, hash: hashOf(content) });
  }
  return files;
}
