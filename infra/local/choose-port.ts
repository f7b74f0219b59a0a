import { freePort, isPortFree } from "./free-port.ts";

/**
 * The port that was asked for, or fails; else the usual one; else, when another program has that, any free one with a
 * note.
 */
export async function choosePort(options: {
  readonly part: string;
  readonly asked: number | undefined;
  readonly usual: number;
  readonly note: (text: string) => void;
}): Promise<number> {
  const { part, asked, usual, note } = options;
  if (asked !== undefined) {
    if (await isPortFree(asked)) return asked;
    throw new Error(`port ${asked}, asked for ${part}, is taken by another program`);
  }
  if (await isPortFree(usual)) return usual;
  const port = await freePort();
  note(`port ${usual} is taken, ${part} uses ${port}`);
  return port;
}
