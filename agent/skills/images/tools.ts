import { Type } from "typebox";
import type { Sandbox } from "../kit/sandbox.ts";
import { defineTool, type SkillTool } from "../kit/tool.ts";
import { OCR_TIMEOUT_MS, PICTURE_TIMEOUT_MS } from "./limits.ts";
import { Area, Edit, EditAnswer, LookAnswer, Path } from "./requests.ts";
import { ocrWork, pictureWork } from "./work.ts";

const SEEN = Type.Object({ path: Path, area: Type.Optional(Area) }, { additionalProperties: false });
const UNSURE_BELOW_PERCENT = 60;
/** What a tool may take beyond its program: starting it, and handing over. */
const MARGIN_MS = 10_000;

/** What is in a picture may be anybody's words, so looking and reading taint the turn. */
export function imageTools(sandbox: Sandbox): SkillTool[] {
  return [
    defineTool({
      name: "image_look",
      description: "See a picture file (or an area of it), with size, format, colours, EXIF/GPS.",
      parameters: SEEN,
      effect: "none",
      timeoutMs: PICTURE_TIMEOUT_MS + MARGIN_MS,
      run: async ({ path, area }, { signal }) => {
        const request = { kind: "look", path, ...(area === undefined ? {} : { area }) } as const;
        const { about, base64 } = await pictureWork(sandbox, request, LookAnswer, signal);
        return { text: `${path}: ${about}`, images: [{ mimeType: "image/jpeg", base64 }], isForeign: true };
      },
    }),
    defineTool({
      name: "image_text",
      description: "Read printed English text of a picture (local OCR, free). Handwriting: image_look.",
      parameters: SEEN,
      effect: "none",
      timeoutMs: OCR_TIMEOUT_MS + MARGIN_MS,
      run: async ({ path, area }, { signal }) => {
        const request = { path, ...(area === undefined ? {} : { area }) };
        const { text, confidence, isCut } = await ocrWork(sandbox, request, signal);
        if (text === "")
          return { text: "No text was found. Look at the picture to be sure.", isForeign: true };
        const doubt = confidence < UNSURE_BELOW_PERCENT ? " It is unsure: look at the picture too." : "";
        const rest = isCut ? " It is cut; read the rest by area." : "";
        return {
          text: `Read with ${Math.round(confidence)}% confidence.${doubt}${rest}\n\n${text}`,
          isForeign: true,
        };
      },
    }),
    defineTool({
      name: "image_edit",
      description:
        "Make a new picture: several paths are combined, then steps run in order. Format by the ending of out: jpg png webp gif avif; reads HEIC too. Result has no EXIF/GPS; no steps: convert and strip. Animations: first frame.",
      parameters: Edit,
      effect: "own",
      timeoutMs: PICTURE_TIMEOUT_MS + MARGIN_MS,
      run: async (edit, { signal }) => {
        const made = await pictureWork(sandbox, { kind: "edit", edit }, EditAnswer, signal);
        const frames = made.framesLeftOut > 0 ? " Only the first frame was kept." : "";
        const size = `${made.width} x ${made.height} px, ${Math.ceil(made.bytes / 1_024)} KB`;
        return { text: `Wrote ${made.path}: ${size}, without EXIF and GPS.${frames}` };
      },
    }),
  ];
}
