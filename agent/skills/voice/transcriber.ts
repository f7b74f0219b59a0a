import type { Sandbox } from "../kit/sandbox.ts";
import { ToolError } from "../kit/tool-error.ts";
import type { AudioApi } from "./audio-api.ts";
import { findFfmpeg } from "./ffmpeg.ts";
import { VOICE_LIMITS } from "./limits.ts";
import { transcribe } from "./recording.ts";

export interface TranscriberOptions {
  api: AudioApi;
  sandbox: Sandbox;
  /** Where programs are looked for, as in PATH. */
  searchPath: string;
}

/** A voice note as it arrived. Its name and its type are the sender's words: what it is shows in its bytes. */
export interface VoiceNote {
  bytes: Uint8Array;
  filename?: string | undefined;
  mimeType?: string | undefined;
}

export interface NoteTranscript {
  text: string;
  /** 0 when it is not known. */
  seconds: number;
  costUsd: number;
}

/** Makes text of voice notes that arrive in the chat. */
export interface Transcriber {
  /** Rejects with ToolError, of which OutOfCreditError is one, or with the signal's reason. */
  transcribe(note: VoiceNote, signal: AbortSignal): Promise<NoteTranscript>;
}

export function createTranscriber({ api, sandbox, searchPath }: TranscriberOptions): Transcriber {
  return {
    async transcribe({ bytes }, signal) {
      if (bytes.byteLength > VOICE_LIMITS.noteMaxBytes)
        throw new ToolError(`The voice note is larger than ${VOICE_LIMITS.noteMaxBytes / 1_000_000} MB.`);
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const read = async (maxBytes: number): Promise<Buffer> => {
        if (buffer.length > maxBytes) throw new ToolError("The voice note is too large to be used as it is.");
        return buffer;
      };
      const recording = { source: { bytes }, read };
      const { incomplete, ...transcript } = await transcribe(
        api,
        await findFfmpeg(sandbox, searchPath),
        recording,
        {
          ...{ language: undefined, from: 0, progress: () => undefined, signal },
          ...{ maxSeconds: VOICE_LIMITS.noteMaxSeconds, whenLonger: "refuse" },
        },
      );
      // Half of what somebody said must not pass for all of it.
      if (incomplete !== undefined) transcript.text += ` [the rest could not be transcribed: ${incomplete}]`;
      return transcript;
    },
  };
}
