import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PICTURE_MAX_BYTES } from "./limits.ts";
import { type ImageWorkspace, openImageWorkspace, plain } from "./testing.ts";

const BANNER = "@openclaw/fs-safe/docs/assets/readme-banner.jpg";

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

const look = (path: string) => workspace.use("image_look", { path });

test("what is empty, missing, outside or a pipe", async () => {
  workspace.put("empty.jpg", Buffer.alloc(0));
  await expect(look("empty.jpg")).rejects.toThrow("The file is empty.");
  await expect(look("none.jpg")).rejects.toThrow('There is no file "none.jpg".');
  await expect(look("../../etc/hostname")).rejects.toThrow("no place for a file");
  await expect(look("/etc/hostname")).rejects.toThrow("no place for a file");
  execFileSync("mkfifo", [join(workspace.dir, "pipe.png")]);
  await expect(look("pipe.png")).rejects.toThrow('"pipe.png" is no file.');
});

test("what is cut short", async () => {
  workspace.putSample("whole.jpg", BANNER);
  const whole = workspace.read("whole.jpg");
  workspace.put("half.jpg", whole.subarray(0, whole.length / 2));
  workspace.put("head.jpg", whole.subarray(0, 20));
  for (const path of ["half.jpg", "head.jpg"]) {
    await expect(look(path)).rejects.toThrow("damaged or cut short");
    await expect(workspace.use("image_text", { path })).rejects.toThrow("damaged or cut short");
    const edit = { paths: [path, "whole.jpg"], out: "out.png" };
    await expect(workspace.use("image_edit", edit)).rejects.toThrow("damaged or cut short");
  }
  const png = await plain(500, 500, "#ff0000").png({ compressionLevel: 0 }).toBuffer();
  workspace.put("half.png", png.subarray(0, png.length / 2));
  await expect(look("half.png")).rejects.toThrow("damaged or cut short");
});

test("what is no picture, whatever it is called", async () => {
  workspace.put("page.png", Buffer.from("<!doctype html><img src='http://127.0.0.1/'>"));
  workspace.put("paper.jpg", Buffer.from("%PDF-1.7\n"));
  workspace.put("noise.gif", Buffer.from("GIF89a and nothing of a picture"));
  await expect(look("page.png")).rejects.toThrow("no picture of a known kind");
  await expect(look("paper.jpg")).rejects.toThrow("It is a PDF");
  await expect(look("noise.gif")).rejects.toThrow("damaged or cut short");
});

test("a few hundred bytes that would unfold to 2,500 megapixels", async () => {
  workspace.put("bomb.png", pngHeader(50_000, 50_000));
  const started = performance.now();
  await expect(look("bomb.png")).rejects.toThrow(
    "The picture is too large (50000 x 50000 px, 2500.0 megapixels); at most 50 megapixels are opened.",
  );
  await expect(workspace.use("image_edit", { paths: ["bomb.png"], out: "o.jpg" })).rejects.toThrow(
    "too large",
  );
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("a file that is larger than any picture", async () => {
  workspace.put("huge.jpg", Buffer.alloc(PICTURE_MAX_BYTES + 1));
  await expect(look("huge.jpg")).rejects.toThrow("larger than 50 MB");
});

test("SVG, and nothing that it refers to is fetched", async () => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    workspace.put("secret.png", await plain(10, 10, "#ff0000").png().toBuffer());
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">
      <style>@import url("http://127.0.0.1:${port}/style");</style>
      <image xlink:href="http://127.0.0.1:${port}/image" width="9" height="9"/>
      <image href="file://${workspace.dir}/secret.png" width="9" height="9"/><image href="secret.png"/></svg>`;
    const prolog = `<?xml version="1.0"?><!DOCTYPE svg SYSTEM "http://127.0.0.1:${port}/dtd">`;
    for (const content of [drawing, prolog + drawing]) {
      workspace.put("drawing.png", Buffer.from(content));
      await expect(look("drawing.png")).rejects.toThrow("It is an SVG drawing");
    }
    workspace.put("both.png", Buffer.from(`GIF89a${drawing}`));
    await expect(look("both.png")).rejects.toThrow("damaged or cut short");
    expect(paths).toEqual([]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("words with markup are drawn as they are", async () => {
  workspace.put("white.png", await plain(900, 120, "#ffffff").png().toBuffer());
  const text = `</span><span size="9">small`;
  const step = { op: "text", at: "20,30", text, color: "black", size: 48 };
  await workspace.use("image_edit", { paths: ["white.png"], out: "drawn.png", steps: [step] });
  expect((await workspace.use("image_text", { path: "drawn.png" })).text).toContain("span size=");
});

function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const rows = deflateSync(Buffer.alloc(100_000));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
