import { parse } from "node:path";
import { Type } from "typebox";
import type { Sandbox } from "../kit/sandbox.ts";
import { defineTool, type SkillTool } from "../kit/tool.ts";
import { workspacePath } from "../kit/workspace-path.ts";
import type { AudioApi } from "./audio-api.ts";
import { findFfmpeg } from "./ffmpeg.ts";
import { VOICE_LIMITS } from "./limits.ts";
import { type Transcript, transcribe } from "./recording.ts";

const MAX_SECONDS = VOICE_LIMITS.maxParts * VOICE_LIMITS.partSeconds;
const MAX_MINUTES = Math.round(MAX_SECONDS / 60);

export const LANGUAGE = Type.String({
  pattern: "^[a-z]{2}(-[A-Za-z]{2,4})?$",
  description: "ISO code: de, en",
});

/** The tool that writes down what is said in a file of the folder. */
export const audioTranscribeTool = (api: AudioApi, sandbox: Sandbox, searchPath: string): SkillTool =>
  defineTool({
    name: "audio_transcribe",
    description: `Speech in an audio or video file of the folder -> text, up to ${MAX_MINUTES} minutes per call; about USD 0.006 a minute. Voice notes in the chat come transcribed already.`,
    parameters: Type.Object(
      {
        path: Type.String({ maxLength: 300 }),
        language: Type.Optional(LANGUAGE),
        from_minute: Type.Optional(
          Type.Number({ minimum: 0, maximum: 6_000, description: "To go on in a long file" }),
        ),
      },
      { additionalProperties: false },
    ),
    effect: "own",
    timeoutMs: VOICE_LIMITS.toolTimeoutMs,
    run: async ({ path, language, from_minute: fromMinute = 0 }, call) => {
      const recording = {
        source: { path: await workspacePath(call.files.dir, path) },
        read: (maxBytes: number) => call.files.read(path, maxBytes),
      };
      const transcript = await transcribe(api, await findFfmpeg(sandbox, searchPath), recording, {
        ...{ language, from: fromMinute * 60, maxSeconds: MAX_SECONDS, whenLonger: "stop" },
        ...{ progress: call.progress, signal: call.signal },
      });
      const { text } = transcript;
      const head = summary(transcript, fromMinute);
      if (text === "") return { text: `${head}\nNo speech was heard.`, isForeign: true };
      if (text.length <= VOICE_LIMITS.transcriptMaxChars)
        return { text: `${head}\n\n${text}`, isForeign: true };
      const { dir, name } = parse(path);
      const saved = await call.files.write(`${dir === "" ? "" : `${dir}/`}${name}.txt`, Buffer.from(text));
      const start = text.slice(0, VOICE_LIMITS.transcriptMaxChars);
      return { text: `${head}\nThe whole text is in ${saved}. It begins:\n\n${start}`, isForeign: true };
    },
  });

function summary({ seconds, costUsd, incomplete }: Transcript, fromMinute: number): string {
  const length = seconds > 0 ? `${Math.round(seconds)} s of sound, ` : "";
  const facts = `${length}cost USD ${costUsd.toFixed(4)}.`;
  if (incomplete === undefined) return facts;
  const next = (fromMinute + seconds / 60).toFixed(2);
  return `${facts} Not all of it: ${incomplete.replace(/\.$/, "")}. To go on, call again with from_minute ${next}.`;
}
