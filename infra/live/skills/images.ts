import sharp from "sharp";
import { createImagesSkill } from "../../../agent/skills/images/index.ts";
import { seen } from "../seen.ts";
import { defineSuite } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

/** Needs nothing but this machine; its own look at itself draws words and reads them. */
export const images = defineSuite<ToolScene>({
  skill: "images",
  open: async (context) => openTools(context, ({ sandbox }) => createImagesSkill({ sandbox })),
  steps: [
    {
      name: "makes a picture smaller and of another kind",
      costUsd: 0,
      run: async ({ use, workspace }, signal) => {
        const { files } = workspace.call();
        const create = { width: 900, height: 300, channels: 3, background: "#008000" } as const;
        await files.write("wide.png", await sharp({ create }).png().toBuffer());
        const steps = [{ op: "resize", width: 300 }];
        const told = await use("image_edit", { paths: ["wide.png"], out: "small.jpg", steps }, signal);
        const { width, height, format } = await sharp(await files.read("small.jpg", 1_000_000)).metadata();
        seen(width === 300 && height === 100 && format === "jpeg", "it is 300 x 100 and JPEG", told);
        return `${width} x ${height}, ${format}`;
      },
    },
  ],
});
