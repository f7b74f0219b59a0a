import { readFileSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { sample } from "./testing.ts";
import { tiffOf } from "./tiff.ts";

/** The Display P3 profile of an iPhone. */
async function profile(): Promise<Buffer> {
  const { icc } = await sharp(readFileSync(sample("pug.heic"))).metadata();
  if (icc === undefined) throw new Error("the sample has no colour profile");
  return icc;
}

test("greys and transparency come out as they went in", async () => {
  const greys = [0, 60, 128, 200, 255, 90];
  const icc = await profile();
  const opaque = {
    data: Buffer.from(greys.flatMap((grey) => [grey, grey, grey])),
    width: 3,
    height: 2,
    channels: 3,
  } as const;
  const clear = {
    ...opaque,
    data: Buffer.from(greys.flatMap((grey) => [grey, grey, grey, grey])),
    channels: 4,
  } as const;
  for (const pixels of [opaque, clear]) {
    const { data, info } = await sharp(tiffOf(pixels, icc)).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 3, height: 2, channels: pixels.channels });
    expect([...data]).toEqual([...pixels.data]);
  }
});

test("the wide colours of a phone become those of sRGB", async () => {
  const pixels = { data: Buffer.from([200, 100, 50]), width: 1, height: 1, channels: 3 } as const;
  // By the matrix from Display P3 to sRGB between the transfer curves of IEC 61966-2-1: 214.9, 92.6, 31.0.
  expect([
    ...(await sharp(tiffOf(pixels, await profile()))
      .raw()
      .toBuffer()),
  ]).toEqual([215, 93, 31]);
});
