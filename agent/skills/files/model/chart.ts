import { type Static, Type } from "typebox";
import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";

export const ChartType = Type.Union([Type.Literal("bar"), Type.Literal("line"), Type.Literal("pie")]);

/** A chart with its numbers, as a document holds it. */
export const Chart = Type.Object(
  {
    type: ChartType,
    title: Type.Optional(Type.String({ maxLength: 200 })),
    labels: Type.Array(Type.String({ maxLength: 200 }), {
      minItems: 1,
      maxItems: FILES_LIMITS.chartPointsMax,
    }),
    series: Type.Array(
      Type.Object(
        {
          name: Type.Optional(Type.String({ maxLength: 200 })),
          values: Type.Array(Type.Number(), { minItems: 1, maxItems: FILES_LIMITS.chartPointsMax }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: FILES_LIMITS.chartSeriesMax },
    ),
  },
  { additionalProperties: false },
);
export type Chart = Static<typeof Chart>;

/** The colours of series and of slices, RGB in hex; each is told from its neighbours also in print. */
export const CHART_COLORS = ["2563EB", "F59E0B", "10B981", "EF4444", "8B5CF6", "64748B"] as const;
export const chartColor = (at: number): string => CHART_COLORS[at % CHART_COLORS.length] ?? CHART_COLORS[0];

/** The numbers of a chart as rows, for where it cannot be drawn. */
export function chartRows({ labels, series }: Chart): string[][] {
  const header = ["", ...series.map(({ name }, at) => name ?? `Series ${at + 1}`)];
  return [
    header,
    ...labels.map((label, at) => [label, ...series.map(({ values }) => `${values[at] ?? ""}`)]),
  ];
}

/** Throws ToolError for a chart that says something else than it means. */
export function requireDrawable({ type, labels, series }: Chart): void {
  const wrong = series.find(({ values }) => values.length !== labels.length);
  if (wrong !== undefined)
    throw new ToolError(
      `A chart has ${labels.length} labels, but a series of ${wrong.values.length} values.`,
    );
  if (type === "pie" && series.some(({ values }) => values.some((value) => value < 0)))
    throw new ToolError("A pie cannot show values below zero; use a bar chart.");
}
