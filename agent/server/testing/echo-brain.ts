import { existsSync } from "node:fs";
import type { Brain, BrainInput } from "../brain.ts";
import type { TurnContent, TurnImage } from "../loopback/channel-api.ts";
import { pause } from "../wake.ts";

/** Path of a file: a turn is answered only once it exists, so that things can happen between question and answer. */
export const HOLD_VARIABLE = "ECHO_BRAIN_HOLD";
const HOLD_POLL_MS = 10;
/** How a text begins that is for nobody. */
export const NOBODY_ASKED = "by the way";
/** What is asked of it to make it do more than speak. */
export const REQUESTS = { react: "react, please", file: "a file, please", act: "act, please" } as const;
export const ECHO_FILE = { filename: "echo.txt", mimeType: "text/plain", base64: "ZWNobw==" } as const;
export const TURN_TAKEN_EVENT = "echo-turn-taken";
export const ECHO_PREFIX = "echo: ";
export const ECHO_SEPARATOR = " | ";

/** A brain without a model: answers each turn with the texts it was asked and the names of pictures, joined by " | ". */
export function createEchoBrain({ log }: BrainInput): Brain {
  const stopping = new AbortController();
  const holdFile = process.env[HOLD_VARIABLE];
  let instructions = "";
  let isRunning = false;
  let running: Promise<void> = Promise.resolve();
  return {
    get ready() {
      return isRunning && !stopping.signal.aborted;
    },
    outOfCredit: false,
    start: async (turns) => {
      isRunning = true;
      const loop = async (): Promise<void> => {
        for (;;) {
          const turn = await turns.next(stopping.signal);
          if (turn === undefined) return;
          log(TURN_TAKEN_EVENT, { messages: turn.messages.length });
          if (turn.messages.some(({ text }) => text === REQUESTS.act)) turns.noteAction();
          while (holdFile !== undefined && !existsSync(holdFile) && !stopping.signal.aborted)
            await pause(HOLD_POLL_MS, stopping.signal);
          if (stopping.signal.aborted) return;
          const said = [...turn.messages.map(({ text }) => text), ...turn.images.map(picture)];
          const send = (content: TurnContent) => turns.send(turn.turnId, { key: content.kind, content });
          if (said.includes(REQUESTS.react)) await send({ kind: "reaction", emoji: "🎉" });
          if (said.includes(REQUESTS.file)) await send({ kind: "file", ...ECHO_FILE });
          const text =
            said.at(-1) === "instructions?"
              ? turn.instructions
              : `${ECHO_PREFIX}${said.join(ECHO_SEPARATOR)}`;
          await turns.complete(turn.turnId, { text });
        }
      };
      running = loop();
      log("echo-brain-started", { instructed: instructions !== "" });
    },
    instruct: async (text) => {
      instructions = text;
    },
    judge: async ({ said }) => (said.at(-1)?.text.startsWith(NOBODY_ASKED) ? "silent" : "act"),
    exhausted: () => undefined,
    refilled: () => log("echo-brain-refilled"),
    cut: () => undefined,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

const picture = ({ filename, mimeType, base64 }: TurnImage): string =>
  `${filename} (${mimeType}, ${Buffer.byteLength(base64, "base64")} bytes)`;
