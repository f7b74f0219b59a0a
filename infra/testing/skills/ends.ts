import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Heard, SkillScene } from "./scene.ts";

/** Where the effects of skills are looked at: by other code than that which made them. */

/** The bytes of the file that a message brought. */
export function bytesOf({ files: [file], text }: Heard): Buffer {
  if (file?.kind !== "inline") throw new Error(`no file came, but: ${text}`);
  return Buffer.from(file.bytes, "base64");
}

export interface Mail {
  from: string;
  to: string[];
  subject: string;
  text: string;
  attachments: { filename: string; content_type: string; content: string }[];
}

/** Everything in the agent's mailbox at the provider, in order of arrival. */
export async function mailsOf(scene: SkillScene): Promise<Mail[]> {
  const path = `/__double/agentmail/mail?inbox=${encodeURIComponent(await addressOf(scene))}`;
  return Object(await scene.double("agentmail", "GET", path)).messages;
}

/** The agent's mail address. */
export async function addressOf(scene: SkillScene): Promise<string> {
  const { inventory } = Object(await scene.double("agentmail", "GET", "/__double/state"));
  return inventory.inboxes[0].inboxId;
}

export interface Sms {
  direction: string;
  from: string;
  to: string;
  text: string;
}

export async function smsOf(scene: SkillScene): Promise<Sms[]> {
  return Object(await scene.double("telnyx", "GET", "/__double/telnyx/messages")).messages;
}

export async function bankrState(
  scene: SkillScene,
): Promise<{ wallets: { id: string }[]; transactions: object[] }> {
  return Object(await scene.double("bankr", "GET", "/__double/state")).inventory;
}

/** Samples as a WAV file of 16 bits. */
export function wav(samples: Float32Array, rateHz: number): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE(rateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length * 2, 40);
  const body = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) body.writeInt16LE(Math.round(sample * 32_000), index * 2);
  return Buffer.concat([header, body]);
}

/** How long audio is when it is decoded, and how loud in decibels below the loudest that is possible. */
export async function audioFacts(path: string): Promise<{ seconds: number; meanDb: number }> {
  const run = promisify(execFile);
  const { stderr } = await run("ffmpeg", [
    ...["-nostdin", "-hide_banner", "-i", path],
    ...["-af", "volumedetect", "-f", "null", "-"],
  ]);
  const [, hours, minutes, seconds] = /time=(\d+):(\d+):([\d.]+)(?![\s\S]*time=)/.exec(stderr) ?? [];
  const meanDb = Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
  return { seconds: Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds), meanDb };
}
