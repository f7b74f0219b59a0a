import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { type Measurable, measureProgram } from "../kit/measurable.ts";
import type { Sandbox } from "../kit/sandbox.ts";
import { EditAnswer, type Step } from "./requests.ts";
import { pictureWork } from "./work.ts";

const OPERATIONS: readonly { name: string; out: string; steps: readonly Step[] }[] = [
  { name: "resize to 1,600 px", out: "small.jpg", steps: [{ op: "resize", width: 1_600 }] },
  { name: "convert to WebP", out: "whole.webp", steps: [] },
  {
    name: "crop, rotate by 10 degrees, annotate",
    out: "marked.jpg",
    steps: [
      { op: "crop", at: "10%,10%,80%,80%" },
      { op: "rotate", degrees: 10 },
      { op: "text", at: "5%,5%", text: "What we saw there" },
      { op: "arrow", at: "10%,20%,50%,50%" },
    ],
  },
];

/** Work on a noisy JPEG of 3 to 2 proportions in the folder `dir` of the sandbox. */
export async function measurablePictures(
  sandbox: Sandbox,
  dir: string,
  megapixels: number,
): Promise<readonly Measurable[]> {
  const height = Math.round(Math.sqrt((megapixels * 1_000_000 * 2) / 3));
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  const size = { width: Math.round(height * 1.5), height };
  const picture = sharp({ create: { ...size, channels: 3, background: "#808080", noise } });
  writeFileSync(join(dir, "noise.jpg"), await picture.jpeg({ quality: 85 }).toBuffer());
  return OPERATIONS.map(({ name, out, steps }) => ({
    operation: `JPEG of ${megapixels} megapixels, ${name}`,
    run: (signal) =>
      measureProgram("images-main.ts", () => {
        const edit = { paths: ["noise.jpg"], steps: [...steps], out };
        return pictureWork(sandbox, { kind: "edit", edit }, EditAnswer, signal);
      }),
  }));
}
