import { randomBytes } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { decode, formatOf, toMp3, toPcm } from "./audio-codec.ts";
import { findHearingModel, findSpeakingModel } from "./audio-models.ts";
import { HEARING_RATE_HZ, hear, say } from "./audio-tones.ts";
import type { Authorizer } from "./authorize.ts";
import { badRequest, resourceNotFound } from "./errors.ts";
import { addUsd } from "./metering.ts";
import { refuseForMoney } from "./refusals.ts";

const TranscriptionRequestSchema = Type.Object({
  model: Type.String({ maxLength: 100 }),
  input_audio: Type.Object({ data: Type.String({ minLength: 1 }), format: Type.String({ maxLength: 16 }) }),
  language: Type.Optional(Type.String({ pattern: "^[a-z]{2}$" })),
  temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
});
const SpeechRequestSchema = Type.Object({
  model: Type.String({ maxLength: 100 }),
  input: Type.String({ minLength: 1, maxLength: 4_096 }),
  voice: Type.String({ maxLength: 100 }),
  /** The provider's default is raw samples. */
  response_format: Type.Optional(Type.Union([Type.Literal("mp3"), Type.Literal("pcm")])),
  speed: Type.Optional(Type.Number({ minimum: 0.25, maximum: 4 })),
  provider: Type.Optional(Type.Unknown()),
});

const SPEECH_RATE_HZ = 24_000;
const PIECE_BYTES = 16 * 1_024;
const MAX_GENERATIONS = 1_000;
/** Without a decoder the length is guessed, at 64 kbit/s. */
const GUESSED_BYTES_PER_SECOND = 8_000;

/**
 * `/audio/transcriptions` and `/audio/speech`, for inference keys, billed to them. The voice of the stand-in are tones that
 * it understands again; of any other sound it says how long it is. `/generation` tells what a speech has cost.
 */
export function audioRoutes(account: Account, authorizer: Authorizer): Route[] {
  const costs = new Map<string, { keyHash: string; model: string; costUsd: number }>();
  const newId = (kind: "stt" | "tts"): string =>
    `gen-${kind}-${Math.floor(account.nowMs / 1_000)}-${randomBytes(10).toString("hex")}`;

  const transcribe = (request: DoubleRequest): Reply => {
    const credentials = authorizer.inference(request);
    if (credentials.kind === "refused") return credentials.reply;
    const { body } = request;
    if (!Value.Check(TranscriptionRequestSchema, body)) return badRequest("Invalid transcription request");
    const model = findHearingModel(body.model);
    if (!model) return badRequest(`${body.model} is not a valid transcription model`);
    const price = { promptUsd: model.usdPerSecond, completionUsd: 0 };
    const refusal = refuseForMoney(account, credentials.key, price, {});
    if (refusal) return refusal;

    const bytes = Buffer.from(body.input_audio.data, "base64");
    if (formatOf(bytes) !== body.input_audio.format) return badRequest("Audio is not in the stated format");
    const sound = decode(bytes);
    if (sound === "broken") return badRequest("Audio could not be decoded");
    const seconds = sound ? sound.length / HEARING_RATE_HZ : bytes.length / GUESSED_BYTES_PER_SECOND;
    const text = (sound && hear(sound)) || `[speech of ${Math.round(seconds)} seconds]`;
    const cost = addUsd(Math.ceil(seconds) * model.usdPerSecond, 0);
    account.bill(credentials.key, cost);
    return json(200, { text, usage: { seconds, cost } }, { "x-generation-id": newId("stt") });
  };

  const speak = (request: DoubleRequest): Reply => {
    const credentials = authorizer.inference(request);
    if (credentials.kind === "refused") return credentials.reply;
    const { body } = request;
    if (!Value.Check(SpeechRequestSchema, body)) return badRequest("Invalid speech request");
    const model = findSpeakingModel(body.model);
    if (!model) return badRequest(`${body.model} is not a valid speech model`);
    if (!model.voices.has(body.voice)) return badRequest("Unknown voice");
    const price = { promptUsd: model.usdPerCharacter, completionUsd: 0 };
    const refusal = refuseForMoney(account, credentials.key, price, {});
    if (refusal) return refusal;

    const costUsd = addUsd(body.input.length * model.usdPerCharacter, 0);
    account.bill(credentials.key, costUsd);
    const id = newId("tts");
    const [oldest] = costs.keys();
    if (oldest !== undefined && costs.size >= MAX_GENERATIONS) costs.delete(oldest);
    costs.set(id, { keyHash: credentials.key.hash, model: model.id, costUsd });
    const sound = say(body.input, SPEECH_RATE_HZ);
    const isMp3 = body.response_format === "mp3";
    const bytes = isMp3 ? toMp3(sound) : toPcm(sound);
    const type = isMp3 ? "audio/mpeg" : `audio/pcm;rate=${SPEECH_RATE_HZ};channels=1`;
    const headers = { "content-type": type, "x-generation-id": id };
    return { kind: "stream", status: 200, headers, parts: pieces(bytes) };
  };

  const generation = (request: DoubleRequest): Reply => {
    const credentials = authorizer.inference(request);
    if (credentials.kind === "refused") return credentials.reply;
    const id = request.query.get("id") ?? "";
    const known = costs.get(id);
    if (known?.keyHash !== credentials.key.hash) return resourceNotFound();
    return json(200, { data: { id, model: known.model, total_cost: known.costUsd, usage: known.costUsd } });
  };

  return [
    { method: "POST", path: "/api/v1/audio/transcriptions", handle: transcribe },
    { method: "POST", path: "/api/v1/audio/speech", handle: speak },
    { method: "GET", path: "/api/v1/generation", handle: generation },
  ];
}

function pieces(bytes: Buffer): { bytes: Buffer }[] {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, index) => ({
    bytes: bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  }));
}
