import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Sandbox } from "../kit/sandbox.ts";
import { EditAnswer, type Step } from "./requests.ts";
import { pictureWork } from "./work.ts";

export interface MeasuredOperation {
  name: string;
  /** From asking for it to the answer, the start of the program included. */
  ms: number;
  /** Of the program that did it. */
  peakRssBytes: number;
}

const OPERATIONS: readonly { name: string; out: string; steps: readonly Step[] }[] = [
  { name: "resize to 1,600 px", out: "small.jpg", steps: [{ op: "resize", width: 1_600 }] },
  { name: "convert to WebP", out: "whole.webp", steps: [] },
  {
    name: "crop, rotate by 10 degrees and annotate",
    out: "marked.jpg",
    steps: [
      { op: "crop", at: "10%,10%,80%,80%" },
      { op: "rotate", degrees: 10 },
      { op: "text", at: "5%,5%", text: "What we saw there" },
      { op: "arrow", at: "10%,20%,50%,50%" },
    ],
  },
];

/** Times what is done to a noisy JPEG of 3 to 2 proportions in the folder `dir` of the sandbox, where it leaves its files. */
export async function measurePictures(
  sandbox: Sandbox,
  dir: string,
  megapixels: number,
  signal: AbortSignal,
): Promise<MeasuredOperation[]> {
  const height = Math.round(Math.sqrt((megapixels * 1_000_000 * 2) / 3));
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  const size = { width: Math.round(height * 1.5), height };
  const picture = sharp({ create: { ...size, channels: 3, background: "#808080", noise } });
  writeFileSync(join(dir, "noise.jpg"), await picture.jpeg({ quality: 85 }).toBuffer());
  const measured: MeasuredOperation[] = [];
  for (const { name, out, steps } of OPERATIONS) {
    const started = performance.now();
    const edit = { paths: ["noise.jpg"], steps: [...steps], out };
    const { peakRssBytes } = await pictureWork(sandbox, { kind: "edit", edit }, EditAnswer, signal);
    measured.push({
      name: `${name}, ${megapixels} megapixels`,
      ms: performance.now() - started,
      peakRssBytes,
    });
  }
  return measured;
}
