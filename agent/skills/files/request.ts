import { type Static, Type } from "typebox";
import { FILES_LIMITS } from "./limits.ts";
import { SheetInput } from "./model/sheet.ts";
import { Target } from "./write/target.ts";

const Path = Type.String({ minLength: 1, maxLength: 300 });
const exact = { additionalProperties: false } as const;

export const ReadParameters = Type.Object(
  {
    path: Path,
    part: Type.Optional(
      Type.String({
        maxLength: 100,
        description:
          'Pages or slides "3-10", rows "Costs!200-400", cells "Costs!A1:D9", else characters "20000-40000"',
      }),
    ),
  },
  exact,
);

export const CreateParameters = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 300, description: "Its extension says the kind" }),
    content: Type.Optional(
      Type.String({
        maxLength: FILES_LIMITS.contentMaxChars,
        description:
          'Markdown. \\newpage begins a page; in pptx # and ## and --- begin slides, "> " is notes. Chart: fence ```chart with {"type":"bar|line|pie","title":"","labels":[],"series":[{"name":"","values":[]}]}',
      }),
    ),
    sheets: Type.Optional(
      Type.Array(SheetInput, { maxItems: FILES_LIMITS.sheetsMax, description: "For xlsx and csv" }),
    ),
  },
  exact,
);

export const ConvertParameters = Type.Object({ path: Path, to: Target }, exact);

/** One list of types for the same reason as that of cells. */
const FieldValue = Type.Unsafe<string | boolean | string[]>({
  type: ["string", "boolean", "array"],
  items: { type: "string" },
});

export const FormParameters = Type.Object(
  {
    path: Path,
    fields: Type.Optional(
      Type.Record(Type.String(), FieldValue, {
        description: "Values by name, true to tick; leave out to list the fields",
      }),
    ),
    out: Type.Optional(Path),
  },
  exact,
);

/** What the worker program is asked. */
export const FilesRequest = Type.Union([
  Type.Object({ operation: Type.Literal("read"), ...ReadParameters.properties }),
  Type.Object({ operation: Type.Literal("create"), ...CreateParameters.properties }),
  Type.Object({ operation: Type.Literal("convert"), ...ConvertParameters.properties }),
  Type.Object({ operation: Type.Literal("form"), ...FormParameters.properties }),
]);
export type FilesRequest = Static<typeof FilesRequest>;

/** What it answers: words for the model. */
export const FilesAnswer = Type.Object({ text: Type.String() });
export type FilesAnswer = Static<typeof FilesAnswer>;
