import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createPipeTransport } from "./pipe-transport.ts";

describe("the conversation with the browser", () => {
  const open = (maxBytes: number) => {
    const to = new PassThrough();
    const from = new PassThrough();
    const seen: string[] = [];
    let tooLong = 0;
    const transport = createPipeTransport(to, from, maxBytes, () => {
      tooLong += 1;
    });
    transport.onmessage = (message) => seen.push(message);
    transport.onclose = () => seen.push("closed");
    return { to, from, seen, transport, tooLong: () => tooLong };
  };

  it("puts messages together however they arrive, in order", async () => {
    const { from, seen, to, transport } = open(1_000);
    const bytes = Buffer.from("één\0two\0three\0");
    for (const byte of bytes) from.write(Buffer.from([byte]));
    await expect.poll(() => seen).toEqual(["één", "two", "three"]);
    from.write("four\0five\0");
    await expect.poll(() => seen).toHaveLength(5);
    transport.send("{}");
    transport.close();
    transport.send("late");
    expect(seen.at(-1)).toBe("closed");
    expect(await text(to).catch(() => "destroyed")).not.toContain("late");
  });

  it("ends when a message is too long, before it is there as a whole", async () => {
    const { from, seen, tooLong } = open(1_000);
    for (let part = 0; part < 5; part += 1) from.write("x".repeat(300));
    await expect.poll(() => seen).toEqual(["closed"]);
    expect(tooLong()).toBe(1);
  });

  it("ends when the browser does", async () => {
    const { from, seen } = open(1_000);
    from.destroy();
    await expect.poll(() => seen).toEqual(["closed"]);
  });
});
