import { type Static, Type } from "typebox";
import { COMBINED_MAX_PICTURES, DRAWN_TEXT_MAX_CHARS, STEPS_MAX } from "./limits.ts";

/** Some providers refuse choices without a type. */
const STRING = { type: "string" };
const STRICT = { additionalProperties: false };
/** What is too large in all is refused by `afterSteps`, with the reason. */
const Side = Type.Integer({ minimum: 1 });

/** Relative to the agent's folder; `workspacePath` says what it may be. */
export const Path = Type.String();
/** A place in a picture: see `placeIn`. */
export const Area = Type.String({ description: "x,y,width,height in px or %: 0,0,50%,100%" });

const OPERATIONS = ["resize", "crop", "rotate", "mirror", "text", "box", "arrow"] as const;
const FITS = ["inside", "cover", "fill"] as const;
const LAYOUTS = ["row", "column", "grid"] as const;

/** One thing that is done to a picture. Which of the fields are needed follows from `op`. */
export const Step = Type.Object(
  {
    op: Type.Enum(OPERATIONS, STRING),
    at: Type.Optional(
      Type.String({
        description: "px or %: x,y,w,h; text x,y; arrow x1,y1,x2,y2",
      }),
    ),
    width: Type.Optional(Side),
    height: Type.Optional(Side),
    fit: Type.Optional(Type.Enum(FITS, { ...STRING, description: "default inside" })),
    degrees: Type.Optional(Type.Number({ description: "clockwise" })),
    text: Type.Optional(Type.String({ minLength: 1, maxLength: DRAWN_TEXT_MAX_CHARS })),
    color: Type.Optional(Type.String({ maxLength: 20, description: "#rrggbb or a name" })),
    size: Type.Optional(Type.Number({ minimum: 1, maximum: 2_000, description: "px of letters, line" })),
    fill: Type.Optional(Type.Boolean({ description: "box: cover" })),
  },
  STRICT,
);
export type Step = Static<typeof Step>;

/** How several pictures become one, and what is done to it then, in order. */
export const Edit = Type.Object(
  {
    paths: Type.Array(Path, { minItems: 1, maxItems: COMBINED_MAX_PICTURES }),
    layout: Type.Optional(Type.Enum(LAYOUTS, { ...STRING, description: "default row" })),
    steps: Type.Optional(Type.Array(Step, { maxItems: STEPS_MAX })),
    out: Path,
  },
  STRICT,
);
export type Edit = Static<typeof Edit>;
export type Layout = (typeof LAYOUTS)[number];

/** What the picture program is asked for. Bytes of pictures are base64. */
export const PictureRequest = Type.Union([
  Type.Object({ kind: Type.Literal("look"), path: Path, area: Type.Optional(Area) }),
  Type.Object({ kind: Type.Literal("edit"), edit: Edit }),
  /** Bytes of a person's message to a JPEG that a model can look at. */
  Type.Object({ kind: Type.Literal("jpeg"), base64: Type.String() }),
  /** A picture of these words, to see that letters are drawn. */
  Type.Object({ kind: Type.Literal("words"), text: Type.String() }),
]);
export type PictureRequest = Static<typeof PictureRequest>;

export const LookAnswer = Type.Object({ about: Type.String(), base64: Type.String() });
export type LookAnswer = Static<typeof LookAnswer>;

export const EditAnswer = Type.Object({
  path: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  bytes: Type.Integer(),
  /** How many frames of moving pictures were left out. */
  framesLeftOut: Type.Integer(),
});
export type EditAnswer = Static<typeof EditAnswer>;

export const BytesAnswer = Type.Object({ base64: Type.String() });
export type BytesAnswer = Static<typeof BytesAnswer>;

/** What the reading program is asked for: a file of the folder, or bytes in base64. */
export const OcrRequest = Type.Union([
  Type.Object({ path: Path, area: Type.Optional(Area) }),
  Type.Object({ base64: Type.String() }),
]);
export type OcrRequest = Static<typeof OcrRequest>;

export const OcrAnswer = Type.Object({
  text: Type.String(),
  /** 0 to 100, over all words. */
  confidence: Type.Number(),
  isCut: Type.Boolean(),
});
export type OcrAnswer = Static<typeof OcrAnswer>;
