import { mkdir, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import type { Sharp } from "sharp";
import { ToolError } from "../kit/tool-error.ts";
import { workspacePath } from "../kit/workspace-path.ts";
import { OUTPUT_MAX_BYTES } from "./limits.ts";

const NAMES_TRIED_MAX = 100;

/** By the ending of the name. None of them writes EXIF, GPS or any other metadata: sharp keeps them only when told to. */
const ENCODERS: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  ".jpg": (image) => image.flatten({ background: "#ffffff" }).jpeg({ quality: 90 }),
  ".png": (image) => image.png(),
  // The usual effort of 4 takes five times as long for a file of the same size.
  ".webp": (image) => image.webp({ quality: 90, effort: 2 }),
  ".gif": (image) => image.gif(),
  ".avif": (image) => image.avif({ quality: 60, effort: 2 }),
};

/** How a file of this name is written. Throws ToolError for a name whose ending is no format that is written here. */
export function encoderFor(path: string): (image: Sharp) => Sharp {
  const ending = extname(path).toLowerCase().replace(".jpeg", ".jpg");
  const encoder = ENCODERS[ending];
  if (encoder !== undefined) return encoder;
  throw new ToolError("The name in out has to end with .jpg, .png, .webp, .gif or .avif.");
}

/** Writes a new file of the agent's folder and returns its path: when the name is taken, a number is put behind it. */
export async function writeNewPicture(path: string, content: Buffer): Promise<string> {
  if (content.length > OUTPUT_MAX_BYTES)
    throw new ToolError("The picture takes more than 25 MB. Make it smaller, or write it as .jpg.");
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  for (let number = 1; number <= NAMES_TRIED_MAX; number += 1) {
    const name = number === 1 ? path : `${stem}-${number}${ending}`;
    const target = await workspacePath(process.cwd(), name);
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content, { flag: "wx" });
      return name;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "EEXIST") throw new ToolError("The file cannot be written at the path in out.");
    }
  }
  throw new ToolError("There are too many files of that name. Choose another one.");
}
