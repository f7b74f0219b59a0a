import { type Chart, chartColor } from "../model/chart.ts";

const WIDTH = 600;
const HEIGHT = 340;
const PLOT = { left: 64, right: 590, top: 40, bottom: 270 } as const;
const TICKS = 5;
const LABELS_MAX = 16;
const LABEL_MAX_CHARS = 14;

/** Draws a chart. A pie shows the first series only. */
export function chartSvg(chart: Chart): string {
  const drawn = chart.type === "pie" ? pie(chart) : axes(chart);
  const title = text(WIDTH / 2, 20, chart.title ?? "", "middle", 15);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">${title}${drawn}${legend(chart)}</svg>`;
}

function axes({ type, labels, series }: Chart): string {
  const values = series.flatMap((each) => each.values.slice(0, labels.length));
  const { low, high, step } = scaleOf(Math.min(0, ...values), Math.max(0, ...values));
  const y = (value: number): number =>
    PLOT.bottom - ((value - low) / (high - low)) * (PLOT.bottom - PLOT.top);
  const slot = (PLOT.right - PLOT.left) / labels.length;
  const grid = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => {
    const value = low + at * step;
    return (
      line(PLOT.left, y(value), PLOT.right, y(value)) + text(PLOT.left - 6, y(value) + 4, short(value), "end")
    );
  });
  const every = Math.ceil(labels.length / LABELS_MAX);
  const names = labels.map((label, at) =>
    at % every === 0 ? text(PLOT.left + slot * (at + 0.5), PLOT.bottom + 16, label, "middle") : "",
  );
  const shapes = series.map(({ values: own }, at) => {
    const points = own.slice(0, labels.length).map((value, index) => ({ value, index }));
    if (type === "line") {
      const path = points
        .map(({ value, index }) => `${n(PLOT.left + slot * (index + 0.5))},${n(y(value))}`)
        .join(" ");
      return `<polyline points="${path}" fill="none" stroke="#${chartColor(at)}" stroke-width="2.5"/>`;
    }
    const width = (slot * 0.8) / series.length;
    return points
      .map(({ value, index }) => {
        const x = PLOT.left + slot * (index + 0.1) + width * at;
        const top = Math.min(y(value), y(0));
        return `<rect x="${n(x)}" y="${n(top)}" width="${n(width)}" height="${n(Math.abs(y(value) - y(0)))}" fill="#${chartColor(at)}"/>`;
      })
      .join("");
  });
  return [...grid, ...shapes, ...names].join("");
}

/** Round numbers for the axis, which include zero. */
function scaleOf(min: number, max: number): { low: number; high: number; step: number } {
  const raw = (max - min || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return {
    low: Math.floor(min / step) * step,
    high: Math.max(Math.ceil(max / step) * step, step + min),
    step,
  };
}

function pie({ labels, series }: Chart): string {
  const values = labels.map((_, at) => Math.max(0, series[0]?.values[at] ?? 0));
  const total = values.reduce((sum, value) => sum + value, 0) || 1;
  const [x, y, radius] = [WIDTH / 2, 158, 112];
  const point = (turn: number): string =>
    `${n(x + radius * Math.sin(turn * 2 * Math.PI))} ${n(y - radius * Math.cos(turn * 2 * Math.PI))}`;
  let turned = 0;
  return values
    .map((value, at) => {
      const share = value / total;
      const from = turned;
      turned += share;
      if (share > 0.999) return `<circle cx="${x}" cy="${y}" r="${radius}" fill="#${chartColor(at)}"/>`;
      const isLarge = share > 0.5 ? 1 : 0;
      return `<path d="M${x} ${y} L${point(from)} A${radius} ${radius} 0 ${isLarge} 1 ${point(turned)} Z" fill="#${chartColor(at)}" stroke="#ffffff"/>`;
    })
    .join("");
}

function legend({ type, labels, series }: Chart): string {
  const total = series[0]?.values.reduce((sum, value) => sum + Math.max(0, value), 0) || 1;
  const names =
    type === "pie"
      ? labels.map(
          (label, at) =>
            `${cut(label)} ${Math.round((100 * Math.max(0, series[0]?.values[at] ?? 0)) / total)}%`,
        )
      : series.map(({ name }, at) => name ?? `Series ${at + 1}`);
  if (type !== "pie" && names.length < 2) return "";
  const columns = Math.min(4, names.length);
  return names
    .slice(0, 12)
    .map((name, at) => {
      const x = 40 + (at % columns) * ((WIDTH - 60) / columns);
      const y = 298 + Math.floor(at / columns) * 15;
      return `<rect x="${n(x)}" y="${n(y - 8)}" width="9" height="9" fill="#${chartColor(at)}"/>${text(x + 13, y, name, "start", 10, 26)}`;
    })
    .join("");
}

const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="#cbd5e1" stroke-width="0.75"/>`;

function text(
  x: number,
  y: number,
  words: string,
  anchor: string,
  size = 10,
  max = size > 10 ? 70 : LABEL_MAX_CHARS,
): string {
  const escaped = cut(words, max).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" font-size="${size}" fill="#334155">${escaped}</text>`;
}

const cut = (words: string, max = LABEL_MAX_CHARS): string =>
  words.length > max ? `${words.slice(0, max - 1)}…` : words;
const n = (value: number): string => value.toFixed(2);
const short = (value: number): string =>
  new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
