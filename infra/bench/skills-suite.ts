import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEverySkill } from "../../agent/server/skills/testing/every-skill.ts";
import { requestShare } from "../../agent/server/skills/testing/request-share.ts";
import { createBrowsingSkill } from "../../agent/skills/browsing/index.ts";
import { measurablePage } from "../../agent/skills/browsing/measure.ts";
import { startSite } from "../../agent/skills/browsing/testing/site.ts";
import { measurableFiles } from "../../agent/skills/files/measure.ts";
import { measurablePictures } from "../../agent/skills/images/measure.ts";
import type { Measurable } from "../../agent/skills/kit/measurable.ts";
import { openTestWorkspace } from "../../agent/skills/kit/testing.ts";
import { ToolError } from "../../agent/skills/kit/tool-error.ts";
import { measurableAudio } from "../../agent/skills/voice/measure.ts";
import type { Output } from "./output.ts";
import type { Sample } from "./samples.ts";

const MEGAPIXELS = 24;
const AUDIO_SECONDS = 600;
/** A page of some 10,000 characters of text. */
const PARAGRAPHS = 100;
const RUN_TIMEOUT_MS = 120_000;

export interface SkillsSuite {
  /** Each operation. */
  times: number;
}

/** The heavy work of the skills through their own programs, one at a time, and what they add to a request to the model. */
export async function skillsSuite(output: Output, { times }: SkillsSuite): Promise<void> {
  output.measures({
    latency: "from asking a skill to its answer",
    clocks: { acknowledgedMs: "begun", liveMs: "done" },
    memory: "peak memory, MiB",
  });
  const run = async (measurables: readonly Measurable[]): Promise<void> => {
    for (const { operation, run: measure } of measurables)
      await output.run(operation, async () => {
        const samples: Sample[] = [];
        for (let time = 0; time < times; time += 1) samples.push(await sampleOf(measure));
        return samples;
      });
  };
  const workspace = openTestWorkspace();
  try {
    const { sandbox, dir } = workspace;
    await run(measurableFiles(sandbox, dir));
    await run(await measurablePictures(sandbox, dir, MEGAPIXELS));
    const audio = await measurableAudio(sandbox, dir, AUDIO_SECONDS);
    if (audio.length === 0) output.note("Audio is not measured: ffmpeg is not on PATH.");
    await run(audio);
  } finally {
    await workspace.close();
  }
  await benchPage(output, run);
  output.note(
    "Memory is that of the program that does the work; of a page that of all processes of the browser while it is open.",
  );
  await noteTokens(output);
}

/** Work that a limit of time or memory has ended counts as failed. */
async function sampleOf(measure: Measurable["run"]): Promise<Sample> {
  // The times of one operation are one run, not the load over time.
  const common = { dueMs: 0, lateMs: 0, acknowledgedMs: undefined };
  try {
    const { ms, peakBytes } = await measure(AbortSignal.timeout(RUN_TIMEOUT_MS));
    return { ...common, liveMs: ms, failure: undefined, peakBytes };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { ...common, liveMs: undefined, failure: error.message };
  }
}

async function benchPage(
  output: Output,
  run: (measurables: readonly Measurable[]) => Promise<void>,
): Promise<void> {
  const paragraph = "<p>Water rises and falls twice a day, at every coast, and nobody has to ask it to.</p>";
  const site = await startSite({ "/": `<title>Tides</title>${paragraph.repeat(PARAGRAPHS)}` });
  const workspace = openTestWorkspace();
  const tmpDir = mkdtempSync(join(tmpdir(), "bench-page-"));
  // The browser's own user passes through.
  chmodSync(tmpDir, 0o755);
  try {
    const url = `${site.url}/`;
    const options = { tmpDir, allowedPages: [url] };
    const { detail } = await createBrowsingSkill(options).setup(AbortSignal.timeout(RUN_TIMEOUT_MS));
    await run(measurablePage(options, url, workspace.call()));
    output.note(`Browsing: ${detail}`);
  } finally {
    await workspace.close();
    await site.close();
    await rm(tmpDir, { recursive: true, force: true });
  }
}

async function noteTokens(output: Output): Promise<void> {
  await using every = openEverySkill();
  const { tools, listing, tokens } = await requestShare(every.skills);
  const count = every.skills.flatMap((skill) => skill.tools).length;
  output.note(
    `The ${every.skills.length} skills add about ${tokens.tools + tokens.listing} tokens to each request to the model (estimated at 3.5 characters each): ${count} tools ${tokens.tools} (${tools.length} characters), their list ${tokens.listing} (${listing.length}).`,
  );
}
