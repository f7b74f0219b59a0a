import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TOOL_LIMITS } from "../kit/tool.ts";
import { createImagesSkill } from "./index.ts";
import { type ImageWorkspace, openImageWorkspace, plain } from "./testing.ts";

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

test("the model is shown the picture, no larger than it can see, and what it is", async () => {
  workspace.put("wall.png", await plain(3_000, 1_500, "#00ff00").png().toBuffer());
  const { text, images, isForeign } = await workspace.use("image_look", { path: "wall.png" });
  expect(text).toMatch(/^wall\.png: PNG, 3000 x 1500 px \(4\.5 megapixels\), \d+ KB, no EXIF data\./);
  expect(text).toContain("Shown at 1568 x 784 px. Main colours: #00ff00 100%.");
  expect(isForeign).toBe(true);
  const [shown] = images ?? [];
  const bytes = Buffer.from(shown?.base64 ?? "", "base64");
  expect(await sharp(bytes).metadata()).toMatchObject({ format: "jpeg", width: 1_568, height: 784 });
  expect(bytes.length).toBeLessThan(TOOL_LIMITS.imageMaxBytes);
});

test("an area is shown by itself", async () => {
  workspace.putSample("demo.gif", "tesseract.js/docs/images/demo.gif");
  const { images } = await workspace.use("image_look", { path: "demo.gif", area: "0,0,50%,100px" });
  const bytes = Buffer.from(images?.[0]?.base64 ?? "", "base64");
  expect(await sharp(bytes).metadata()).toMatchObject({ width: 715, height: 100 });
});

test("the ending of the name does not matter, and what is transparent is shown white", async () => {
  const clear = sharp({
    create: { width: 20, height: 20, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  });
  workspace.put("photo.txt", await clear.webp({ lossless: true }).toBuffer());
  const { text } = await workspace.use("image_look", { path: "photo.txt" });
  expect(text).toContain("WEBP, 20 x 20 px");
  expect(text).toContain("#ffffff 100%");
});

test("setting up draws words and reads them back", async () => {
  const skill = createImagesSkill({ sandbox: workspace.sandbox });
  expect(await skill.setup(AbortSignal.timeout(60_000))).toMatchObject({ state: "ready" });
});

test("all tools together take less than 2,000 characters of every request", () => {
  const { tools } = createImagesSkill({ sandbox: workspace.sandbox });
  const offered = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
  expect(JSON.stringify(offered).length).toBeLessThan(2_000);
});
