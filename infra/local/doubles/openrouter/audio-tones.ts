/**
 * Speech of the stand-in: each byte of the text is a chord of two tones, so that what was said can be heard out of the
 * sound again, also after it was coded with loss, moved in time, or cut. Bytes at even places sound in other bands than
 * those at odd places: a change of band is where a byte ends, and repeated letters stay apart.
 */
const LOWEST_HZ = 400;
const STEP_HZ = 50;
const NIBBLES = 16;
/** A band for each parity of the place and each half of the byte: all below 3.6 kHz. */
const BANDS = 4;
export const BYTE_SECONDS = 0.08;
const AMPLITUDE = 0.2;
const FADE_SECONDS = 0.005;

export const HEARING_RATE_HZ = 8_000;
const WINDOW_SECONDS = 0.04;
const HOP_SECONDS = 0.015;
/** Below this loudness there is silence. */
const SILENCE_RMS = 0.005;
/** How much of a window's energy the two tones have, when it is one of ours. */
const CHORD_SHARE = 0.7;
/** How many of the windows that are not silent are chords, when it is our voice and not somebody's or music. */
const VOICE_SHARE = 0.4;
/** In how many windows a byte must be heard. */
const MIN_WINDOWS = 2;

const hertz = (band: number, nibble: number): number => LOWEST_HZ + STEP_HZ * (band * NIBBLES + nibble);

/** The sound of a text, mono, between -1 and 1. */
export function say(text: string, rateHz: number): Float32Array {
  const bytes = new TextEncoder().encode(text);
  const perByte = Math.round(rateHz * BYTE_SECONDS);
  const fade = rateHz * FADE_SECONDS;
  const sound = new Float32Array(bytes.length * perByte);
  for (const [place, byte] of bytes.entries()) {
    const band = (place % 2) * 2;
    const high = (2 * Math.PI * hertz(band, byte >> 4)) / rateHz;
    const low = (2 * Math.PI * hertz(band + 1, byte & 15)) / rateHz;
    for (let index = 0; index < perByte; index += 1) {
      const gain = AMPLITUDE * Math.min(1, index / fade, (perByte - index) / fade);
      sound[place * perByte + index] = gain * (Math.sin(high * index) + Math.sin(low * index));
    }
  }
  return sound;
}

/** What is said in a sound at HEARING_RATE_HZ; empty when it is none of ours. */
export function hear(sound: Float32Array): string {
  const bytes: number[] = [];
  let loud = 0;
  let chords = 0;
  const hop = Math.round(HEARING_RATE_HZ * HOP_SECONDS);
  const length = Math.round(HEARING_RATE_HZ * WINDOW_SECONDS);
  let last = { chord: -1, windows: 0 };
  for (let start = 0; start + length <= sound.length; start += hop) {
    const chord = chordOf(sound.subarray(start, start + length));
    if (chord === "silence") continue;
    loud += 1;
    if (chord === "noise") continue;
    chords += 1;
    if (chord !== last.chord) last = { chord, windows: 0 };
    last.windows += 1;
    if (last.windows === MIN_WINDOWS) bytes.push(chord & 255);
  }
  if (chords < VOICE_SHARE * loud) return "";
  return new TextDecoder().decode(new Uint8Array(bytes)).replaceAll("\uFFFD", "");
}

/** The byte that a window sounds, with the parity of its place as bit 8. */
function chordOf(window: Float32Array): number | "silence" | "noise" {
  let energy = 0;
  for (const sample of window) energy += sample * sample;
  if (Math.sqrt(energy / window.length) < SILENCE_RMS) return "silence";
  const strongest = Array.from({ length: BANDS }, (_, band) => strongestIn(window, band));
  const [evenHigh, evenLow, oddHigh, oddLow] = strongest;
  if (!evenHigh || !evenLow || !oddHigh || !oddLow) return "noise";
  const isOdd = oddHigh.energy + oddLow.energy > evenHigh.energy + evenLow.energy;
  const [high, low] = isOdd ? [oddHigh, oddLow] : [evenHigh, evenLow];
  if (high.energy + low.energy < CHORD_SHARE * energy) return "noise";
  return (isOdd ? 256 : 0) | (high.nibble << 4) | low.nibble;
}

function strongestIn(window: Float32Array, band: number): { nibble: number; energy: number } {
  let strongest = { nibble: 0, energy: -1 };
  for (let nibble = 0; nibble < NIBBLES; nibble += 1) {
    const energy = energyAt(window, hertz(band, nibble));
    if (energy > strongest.energy) strongest = { nibble, energy };
  }
  return strongest;
}

/** Goertzel's algorithm: the energy of one tone in a window. */
function energyAt(window: Float32Array, frequencyHz: number): number {
  const twiceCosine = 2 * Math.cos((2 * Math.PI * frequencyHz) / HEARING_RATE_HZ);
  let before = 0;
  let last = 0;
  for (let index = 0; index < window.length; index += 1) {
    const next = (window[index] ?? 0) + twiceCosine * last - before;
    before = last;
    last = next;
  }
  const power = last * last + before * before - twiceCosine * last * before;
  return (2 * power) / window.length;
}
