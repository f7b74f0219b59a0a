import { expect, it } from "vitest";
import { fileTypeOf, mediaByName } from "./file-type.ts";

const typeOf = (latin1: string, filename = "", mimeType = "") =>
  fileTypeOf(Buffer.from(latin1, "latin1"), { filename, mimeType });

it.each([
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["GIF89a", "image/gif"],
  ["RIFF\0\0\0\0WEBPVP8 ", "image/webp"],
])("%j is a picture whatever it is called", (bytes, mimeType) => {
  expect(typeOf(bytes, "song.mp3", "application/pdf")).toEqual({ kind: "image", mimeType });
});

it.each([
  ["%PDF-1.7", "pdf"],
  ["\n\n%PDF-1.7", "pdf"],
  ["PK\x03\x04", "packed"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"],
  ["ID3\x04", "audio"],
  ["\xff\xfb\x90\x64", "audio"],
  ["\xff\xf1\x50\x80", "audio"],
  ["RIFF\0\0\0\0WAVEfmt ", "audio"],
  ["fLaC", "audio"],
  ["\0\0\0\x1cftypM4A ", "audio"],
  ["\0\0\0\x1cftypisom", "video"],
  ["\0\0\0\x14ftypqt  ", "video"],
  ["RIFF\0\0\0\0AVI LIST", "video"],
  ["\x1a\x45\xdf\xa3", "video"],
  ["\0\0\0\x1cftypheic", "heic"],
  ["\0\0\0\x1cftypavif", "other"],
  ["\xff\xfe", "other"],
  ["\xff\xfeh\0i\0", "other"],
  ["BM\0\0", "other"],
  ["II*\0", "other"],
  ["hello", "other"],
  ["", "other"],
])("%j is %s", (bytes, kind) => expect(typeOf(bytes, "x.png", "image/png").kind).toBe(kind));

it("asks the sender where a container holds either sound or film", () => {
  expect(typeOf("OggS", "note.ogg").kind).toBe("audio");
  expect(typeOf("OggS", "", "audio/ogg; codecs=opus").kind).toBe("audio");
  expect(typeOf("OggS", "film.ogv").kind).toBe("video");
  expect(typeOf("\x1a\x45\xdf\xa3", "", "audio/webm").kind).toBe("audio");
  expect(typeOf("\0\0\0\x1cftyp3gp4", "note", "audio/3gpp").kind).toBe("audio");
});

it("knows sound and film by name", () => {
  expect(mediaByName({ filename: "a.WMA", mimeType: "" })).toBe("audio");
  expect(mediaByName({ filename: "a.wmv", mimeType: "" })).toBe("video");
  expect(mediaByName({ filename: "mp3", mimeType: "text/plain" })).toBeUndefined();
});
