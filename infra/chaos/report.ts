import { PARTS } from "./parts.ts";
import type { ChaosReport } from "./run.ts";

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ") || "none";

/** What a run came to, for people. */
export function describeRun(report: ChaosReport): string {
  const { kills, findings, maxima } = report;
  const away = PARTS.map((part) => {
    const of = kills.filter((kill) => kill.part === part);
    const longest = Math.max(0, ...of.map(({ awayMs }) => awayMs));
    return `${part} ${of.length} (longest away ${seconds(longest)})`;
  });
  return [
    `seed ${report.seed}, load average ${report.loadAverage}`,
    `claims     ${report.claims}: ${report.served} served, ${report.exploded} exploded, ${report.cancelled} cancelled`,
    `callers    ${list(report.behaviours)}`,
    `refusals   ${list(report.refusals)}`,
    `kills      ${kills.length} in ${seconds(report.chaosMs)}: ${away.join(", ")}`,
    `ended by themselves   ${list(report.endedByThemselves)}`,
    `longest time without anybody served   ${seconds(report.longestGapMs)}`,
    `at rest after   ${report.unrest === undefined ? seconds(report.settleMs) : `never: ${report.unrest}`}`,
    `at most    ${maxima.starting} starting, ${maxima.supply} idle or starting, ${maxima.waiting} waiting`,
    ...findings.map(({ breach, subject, detail }) => `✗ ${breach} ${subject}: ${detail}`),
    findings.length === 0
      ? "✓ 0 double claims, 0 lost claims, 0 leaks, 0 overshoot"
      : `✗ ${findings.length} violations`,
  ].join("\n");
}
