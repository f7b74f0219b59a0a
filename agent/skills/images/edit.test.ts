import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ImageWorkspace, openImageWorkspace, pixel, plain } from "./testing.ts";

const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const WHITE = [255, 255, 255];

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

const edit = (paths: string[], out: string, steps: unknown[] = [], layout?: string) =>
  workspace.use("image_edit", { paths, out, steps, ...(layout === undefined ? {} : { layout }) });

const written = async (out: string) => {
  const bytes = workspace.read(out);
  const { width, height, format } = await sharp(bytes).metadata();
  return { bytes, width, height, format };
};

/** Red on the left, blue on the right. */
const redAndBlue = (): Promise<Buffer> =>
  plain(100, 100, "#ff0000").extend({ right: 100, background: "#0000ff" }).png().toBuffer();

describe("one picture", () => {
  beforeEach(async () => workspace.put("two.png", await redAndBlue()));

  test("is resized, cropped, rotated and mirrored in the order of the steps", async () => {
    await edit(["two.png"], "out/a.png", [
      { op: "crop", at: "50,0,100,100%" },
      { op: "resize", width: 50 },
      { op: "rotate", degrees: 90 },
      { op: "mirror" },
    ]);
    const { bytes, width, height } = await written("out/a.png");
    expect([width, height]).toEqual([50, 50]);
    // Left half red; a quarter turn to the right puts it on top.
    expect(await pixel(bytes, 25, 5)).toEqual(RED);
    expect(await pixel(bytes, 25, 45)).toEqual(BLUE);
  });

  test("fits into a size, covers it or fills it", async () => {
    await edit(["two.png"], "inside.png", [{ op: "resize", width: 50, height: 50 }]);
    await edit(["two.png"], "cover.png", [{ op: "resize", width: 50, height: 50, fit: "cover" }]);
    await edit(["two.png"], "fill.png", [{ op: "resize", width: 50, height: 80, fit: "fill" }]);
    expect(await written("inside.png")).toMatchObject({ width: 50, height: 25 });
    expect(await written("cover.png")).toMatchObject({ width: 50, height: 50 });
    expect(await written("fill.png")).toMatchObject({ width: 50, height: 80 });
  });

  test("shows nothing at the corners when it is turned by some degrees", async () => {
    await edit(["two.png"], "turned.png", [{ op: "rotate", degrees: 45 }]);
    await edit(["two.png"], "turned.jpg", [{ op: "rotate", degrees: 45 }]);
    expect((await pixel(workspace.read("turned.png"), 1, 1)).at(3)).toBe(0);
    expect(await pixel(workspace.read("turned.jpg"), 1, 1)).toEqual(WHITE);
  });

  test.each([
    ["jpg", "jpeg"],
    ["jpeg", "jpeg"],
    ["png", "png"],
    ["webp", "webp"],
    ["gif", "gif"],
    ["avif", "heif"],
  ])("is written as .%s", async (ending, format) => {
    const { text } = await edit(["two.png"], `out.${ending}`);
    const { bytes, ...about } = await written(`out.${ending}`);
    expect(text).toContain(`out.${ending}: 200 x 100 px`);
    expect(about).toEqual({ width: 200, height: 100, format });
    const [red = 0, , blue = 255] = await pixel(bytes, 20, 50);
    expect(red).toBeGreaterThan(240);
    expect(blue).toBeLessThan(15);
  });

  test("never takes the place of another file", async () => {
    const before = workspace.read("two.png");
    const { text } = await edit(["two.png"], "two.png", [{ op: "mirror" }]);
    expect(text).toContain("Wrote two-2.png");
    expect(workspace.read("two.png")).toEqual(before);
    expect(await pixel(workspace.read("two-2.png"), 20, 50)).toEqual(BLUE);
  });

  test("gets a box, a filled box and an arrow where they are wanted", async () => {
    await edit(["two.png"], "drawn.png", [
      { op: "box", at: "10,10,40,40", color: "lime", size: 4 },
      { op: "box", at: "25%,60%,25%,25%", color: "#ffffff", fill: true },
      { op: "arrow", at: "110,50,190,50", color: "#00ff00", size: 5 },
    ]);
    const bytes = workspace.read("drawn.png");
    expect(await pixel(bytes, 11, 30)).toEqual(GREEN);
    expect(await pixel(bytes, 30, 30)).toEqual(RED);
    expect(await pixel(bytes, 75, 75)).toEqual(WHITE);
    expect(await pixel(bytes, 120, 50)).toEqual(GREEN);
    expect(await pixel(bytes, 175, 45)).toEqual(GREEN);
    expect(await pixel(bytes, 120, 45)).toEqual(BLUE);
  });

  test("is drawn on in colour though it is grey itself, and stays opaque", async () => {
    const grey = plain(100, 100, "#808080").toColourspace("b-w");
    workspace.put("grey.png", await grey.png().toBuffer());
    await edit(["grey.png"], "drawn.png", [{ op: "box", at: "10,10,20,20", fill: true }]);
    expect(await pixel(workspace.read("drawn.png"), 15, 15)).toEqual(RED);
    expect(await pixel(workspace.read("drawn.png"), 50, 50)).toEqual([128, 128, 128]);
  });

  test("gets text that can be read again", async () => {
    await edit(["two.png"], "text.png", [
      { op: "resize", width: 1_200 },
      { op: "box", at: "0,0,100%,50%", color: "white", fill: true },
      { op: "text", at: "60,80", text: "Tom & Jerry <3 pizza", color: "black", size: 80 },
    ]);
    const { text } = await workspace.use("image_text", { path: "text.png", area: "0,0,100%,50%" });
    expect(text).toContain("Tom & Jerry <3 pizza");
  });

  test.each([
    ["an area outside", { op: "crop", at: "300,0,10,10" }, "outside of the picture, which is 200 x 100 px"],
    ["no area", { op: "crop" }, "needs 4 numbers"],
    ["an area of three numbers", { op: "box", at: "1,2,3" }, "needs 4 numbers"],
    ["no size", { op: "resize" }, "needs width, height or both"],
    ["a size beyond the limit", { op: "resize", width: 15_000 }, "at most 50"],
    ["a side that follows beyond the limit", { op: "resize", height: 9_000, fit: "cover" }, "at most 50"],
    ["no angle", { op: "rotate" }, "needs degrees"],
    ["no text", { op: "text" }, "needs text"],
    ["letters the font lacks", { op: "text", text: "日本" }, "Only Latin, Greek and Cyrillic"],
    ["an emoji", { op: "text", text: "hi 🎉" }, "no emoji"],
    ["letters that are too large", { op: "text", text: "x".repeat(500), size: 2_000 }, "do not fit"],
    ["an unknown colour", { op: "box", at: "0,0,5,5", color: '"/><x' }, "There is no colour"],
    ["an arrow to where it begins", { op: "arrow", at: "5,5,5,5" }, "two different points"],
    ["an unknown step", { op: "explode" }, "steps.0"],
  ])("is refused with a sentence for %s", async (_, step, sentence) => {
    await expect(edit(["two.png"], "out.png", [step])).rejects.toThrow(sentence);
    expect(() => workspace.read("out.png")).toThrow("ENOENT");
  });

  test.each([
    ["another ending", "out.bmp", "has to end with"],
    ["a place outside", "../out.png", "no place for a file"],
  ])("is not written to %s", async (_, out, sentence) => {
    await expect(edit(["two.png"], out)).rejects.toThrow(sentence);
  });
});

describe("several pictures", () => {
  beforeEach(async () => {
    workspace.put("red.png", await plain(100, 50, "#ff0000").png().toBuffer());
    workspace.put("green.png", await plain(200, 100, "#00ff00").png().toBuffer());
    workspace.put("blue.png", await plain(100, 100, "#0000ff").png().toBuffer());
  });
  const all = ["red.png", "green.png", "blue.png"];

  test("stand side by side, of one height", async () => {
    await edit(all, "row.png");
    const { bytes, ...about } = await written("row.png");
    expect(about).toEqual({ width: 500, height: 100, format: "png" });
    expect(await pixel(bytes, 199, 99)).toEqual(RED);
    expect(await pixel(bytes, 200, 0)).toEqual(GREEN);
    expect(await pixel(bytes, 400, 50)).toEqual(BLUE);
  });

  test("lie on one another, of one width", async () => {
    await edit(all, "column.png", [], "column");
    const { bytes, ...about } = await written("column.png");
    expect(about).toEqual({ width: 200, height: 400, format: "png" });
    expect(await pixel(bytes, 100, 99)).toEqual(RED);
    expect(await pixel(bytes, 100, 100)).toEqual(GREEN);
    expect(await pixel(bytes, 100, 399)).toEqual(BLUE);
  });

  test("fill the cells of a grid, and what is left is white", async () => {
    await edit(all, "grid.png", [{ op: "resize", width: 200 }], "grid");
    const { bytes, ...about } = await written("grid.png");
    expect(about).toEqual({ width: 200, height: 100, format: "png" });
    expect(await pixel(bytes, 50, 25)).toEqual(RED);
    expect(await pixel(bytes, 150, 25)).toEqual(GREEN);
    expect(await pixel(bytes, 50, 75)).toEqual(BLUE);
    expect(await pixel(bytes, 10, 75)).toEqual(WHITE);
    expect(await pixel(bytes, 150, 75)).toEqual(WHITE);
  });

  test("are at most twelve", async () => {
    await expect(
      edit(
        Array.from({ length: 13 }, () => "red.png"),
        "many.png",
      ),
    ).rejects.toThrow("paths");
  });
});

describe("what is written about a picture", () => {
  test("is gone, and its orientation has been applied", async () => {
    const exif = {
      IFD0: { Make: "Camera of a person", Orientation: "6" },
      IFD3: {
        GPSLatitudeRef: "N",
        GPSLatitude: "52/1 31/1 0/1",
        GPSLongitudeRef: "E",
        GPSLongitude: "13/1 24/1 0/1",
      },
    };
    const lying = sharp(await redAndBlue()).withExif(exif);
    workspace.put(
      "photo.jpg",
      await lying.withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
    );
    const before = await workspace.use("image_look", { path: "photo.jpg" });
    expect(before.text).toContain("GPS position");
    expect(before.text).toContain("100 x 200 px");

    await edit(["photo.jpg"], "clean.jpg");
    const { bytes, width, height } = await written("clean.jpg");
    expect([width, height]).toEqual([100, 200]);
    expect(bytes.includes("Exif")).toBe(false);
    expect(bytes.includes("Camera of a person")).toBe(false);
    const [red = 0] = await pixel(bytes, 50, 20);
    expect(red).toBeGreaterThan(240);
    const after = await workspace.use("image_look", { path: "clean.jpg" });
    expect(after.text).toContain("no EXIF data");
  });

  test("tells that only the first frame of a moving picture is kept", async () => {
    workspace.putSample("demo.gif", "tesseract.js/docs/images/demo.gif");
    const { text } = await edit(["demo.gif"], "still.gif", [{ op: "resize", width: 300 }]);
    expect(text).toContain("Only the first frame");
    expect((await sharp(workspace.read("still.gif"), { animated: true }).metadata()).pages ?? 1).toBe(1);
  });
});
