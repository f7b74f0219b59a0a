import { readFile, rename, writeFile } from "node:fs/promises";
import { Type } from "typebox";
import { Value } from "typebox/value";

const RoomsFile = Type.Record(Type.String(), Type.String());
const MAX_ROOMS = 500;

/**
 * Which conversation an invite has led to. A lock changes the tag by which a group is found, and a member should get
 * back in by the invite that it came with.
 */
export class Rooms {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async find(inviteHash: string): Promise<string | undefined> {
    return new Map(Object.entries(await this.#read())).get(inviteHash);
  }

  async remember(inviteHash: string, groupId: string): Promise<void> {
    const known = Object.entries(await this.#read()).filter(([hash]) => hash !== inviteHash);
    const rooms = Object.fromEntries([...known, [inviteHash, groupId]].slice(-MAX_ROOMS));
    await writeFile(`${this.#file}.partial`, JSON.stringify(rooms), { mode: 0o600 });
    await rename(`${this.#file}.partial`, this.#file);
  }

  async #read(): Promise<Record<string, string>> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#file, "utf8"));
      return Value.Check(RoomsFile, value) ? value : {};
    } catch (error) {
      // Without it, or with a broken one, groups are found by their tag, as everywhere.
      if (
        error instanceof SyntaxError ||
        (error instanceof Error && "code" in error && error.code === "ENOENT")
      )
        return {};
      throw error;
    }
  }
}
