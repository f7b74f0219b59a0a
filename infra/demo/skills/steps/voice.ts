import { equal, ok } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { audioFacts, bytesOf } from "../../../testing/skills/ends.ts";
import type { Heard, SkillScene } from "../../../testing/skills/scene.ts";
import { type Evening, QUESTION } from "../evening.ts";
import { heardIn } from "../heard-in.ts";
import { adaSends, type Step } from "../step.ts";

const PLAN = "Fish with Bob at half past seven, at Harbour Table, for fifty-five dollars each.";

export const voice = ({ question }: Evening): Step[] => [
  adaSends(
    { name: "voice-note.wav", mimeType: "audio/wav", bytes: question },
    {
      script: [
        {
          ...{ when: QUESTION, in: "message" },
          use: [
            { tool: "voice_note", with: { text: PLAN } },
            { tool: "message", with: { action: "send", media: "{{1 /(\\S+\\.m4a)/}}" } },
          ],
          say: "There you hear it.",
        },
      ],
      answers: ["[voice-note.m4a, 60 kB]", "There you hear it."],
      proof: {
        ...{ skill: "voice", tools: ["voice_note"] },
        verified: `Ada's “${QUESTION}” was heard; the answer is sound of 5 to 8 seconds, loud enough, that says “${PLAN}”`,
        look: lookAtNote,
      },
    },
  ),
];

async function lookAtNote(scene: SkillScene, [note]: readonly Heard[]): Promise<void> {
  if (note === undefined) throw new Error("no note came");
  const path = join(scene.folder, "answer.m4a");
  await writeFile(path, bytesOf(note));
  const { seconds, meanDb } = await audioFacts(path);
  ok(seconds > 5 && seconds < 8, `it takes ${seconds} s`);
  ok(meanDb > -40, `it is as quiet as ${meanDb} dB`);
  equal(await heardIn(path), PLAN);
}
