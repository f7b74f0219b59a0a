import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  decryptAttachment,
  encodeText,
  encryptAttachment,
  type Group,
  isRemoteAttachment,
  isReply,
  type RemoteAttachment,
} from "@xmtp/node-sdk";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeAppData,
  decryptImage,
  encryptImage,
  profileUpdateCodec,
  resolveProfiles,
  sendContent,
} from "../../agent/convos/index.ts";
import type { Person } from "../../agent/server/testing/world.ts";
import type { Actor } from "./actor.ts";
import { Created, SavedFile } from "./answers.ts";
import type { LiveSession } from "./live-session.ts";
import { patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { appJoins, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

const PICTURE = { filename: "beach.png", mimeType: "image/png", content: randomBytes(200_000) };
const NOTES = { filename: "notes.txt", mimeType: "text/plain", content: Buffer.from("sun cream, towels\n") };

const Bytes = Type.Refine(Type.Unsafe<Uint8Array>({}), (value) => value instanceof Uint8Array);
const Remote = Type.Object({
  url: Type.String(),
  contentDigest: Type.String(),
  secret: Bytes,
  salt: Bytes,
  nonce: Bytes,
  scheme: Type.String(),
});

/** Ada uses the SDK, Carla Convos's own client, in Carla's conversation. Each test goes on from the one before. */
let stage: Stage;
let ada: Person;
let adas: Group<unknown>;
let carla: Actor;
let carlaInbox: string;
let carlas: LiveSession;
let room: string;
let picturePath: string;

beforeAll(async () => {
  stage = await Stage.open();
  carla = await stage.actor("Carla");
  const create = ["conversations", "create", "--name", "Trip", "--profile-name", "Carla"];
  const { conversationId, inboxId, invite } = await carla.ask(Created, ...create);
  [room, carlaInbox] = [conversationId, inboxId];
  carlas = await stage.live(carla, room);
  ada = await stage.world.person();
  adas = await appJoins(ada, invite.url, "Ada");
  picturePath = join(carla.folder, PICTURE.filename);
  await writeFile(picturePath, PICTURE.content);
}, OPEN_TIMEOUT_MS);
afterAll(() => stage?.close());

const message = (id: string) =>
  patiently(`the message ${id}`, async () => {
    await adas.sync();
    return (await adas.messages()).find((candidate) => candidate.id === id);
  });

const fetched = async (url: string): Promise<Uint8Array> => {
  const response = await fetch(url);
  return new Uint8Array(await response.arrayBuffer());
};

const opened = async (remote: RemoteAttachment) => decryptAttachment(await fetched(remote.url), remote);

const stored = ({ filename, mimeType, content }: typeof NOTES): RemoteAttachment => {
  const { payload, ...keys } = encryptAttachment({ filename, mimeType, content });
  return { ...keys, filename, scheme: "https", url: stage.fileHost.put(payload) };
};

const download = async (messageId: string): Promise<Buffer> => {
  const output = join(carla.folder, messageId);
  const args = ["download-attachment", room, messageId, "--output", output, "--sync"];
  await carla.ask(SavedFile, "conversation", ...args);
  return readFile(output);
};

describe("files of Convos's own client", { timeout: TEST_TIMEOUT_MS }, () => {
  it("are readable for our side, and for nobody where they lie", async () => {
    const sent = await message(await carlas.order({ type: "attach", file: picturePath }));
    if (!isRemoteAttachment(sent) || sent.content === undefined) throw new Error("no remote attachment");
    expect(sent.content).toMatchObject({ filename: PICTURE.filename, scheme: "https" });
    expect(await opened(sent.content)).toMatchObject({ ...PICTURE, content: expect.any(Uint8Array) });
    expect(PICTURE.content.equals((await opened(sent.content)).content)).toBe(true);
    const lying = Buffer.from(await fetched(sent.content.url));
    expect(lying.includes(PICTURE.content.subarray(0, 16))).toBe(false);
  });

  it("are readable in a reply", async () => {
    const asked = await adas.sendText("a picture, please");
    await carlas.hears("a picture, please");
    const sent = await message(await carlas.order({ type: "attach", file: picturePath, replyTo: asked }));
    if (!isReply(sent)) throw new Error("no reply");
    expect(sent.content?.referenceId).toBe(asked);
    const remote: unknown = sent.content?.content;
    if (!Value.Check(Remote, remote)) throw new Error("no remote attachment in the reply");
    expect(PICTURE.content.equals((await opened(remote)).content)).toBe(true);
  });
});

describe("what our side sends", { timeout: TEST_TIMEOUT_MS }, () => {
  it("is heard as what it is: Markdown, replies, reactions, several files at once", async () => {
    const said = await carlas.say("and the notes?");
    await message(said);
    await adas.sendMarkdown("**here**");
    await carlas.hears("**here**", "markdown");
    await adas.sendReply({ reference: said, referenceInboxId: carlaInbox, content: encodeText("here") });
    await carlas.hears(`reply to "and the notes?" (${said}): here`, "reply");
    await adas.sendReaction({
      reference: said,
      referenceInboxId: carlaInbox,
      action: 1,
      content: "👍",
      schema: 1,
    });
    await carlas.hears(`reacted 👍 to ${said}`, "reaction");
    await adas.sendMultiRemoteAttachment({ attachments: [stored(PICTURE), stored(NOTES)] });
    await carlas.hears("[2 attachments: beach.png, notes.txt]", "multiRemoteStaticAttachment");
  });

  it("is saved by the client byte for byte, inline or from where it lies", async () => {
    const inline = await adas.sendAttachment(NOTES);
    await carlas.hears("[attachment: notes.txt (text/plain)]", "attachment");
    const remote = await adas.sendRemoteAttachment(stored(PICTURE));
    await carlas.hears("[remote attachment: beach.png", "remoteStaticAttachment");
    await carlas.stop();
    expect(await download(inline)).toEqual(NOTES.content);
    expect(PICTURE.content.equals(await download(remote))).toBe(true);
  });
});

describe("the members' pictures", { timeout: TEST_TIMEOUT_MS }, () => {
  it("are opened by our side with the key that the client has made", async () => {
    const { tag } = decodeAppData(adas.appData) ?? {};
    const session = await stage.live(carla, room);
    const image = stage.fileHost.put(PICTURE.content);
    await session.order({ type: "update-profile", image });
    await session.stop();
    await adas.sync();
    const metadata = decodeAppData(adas.appData);
    expect(metadata?.tag).toBe(tag);
    const profile = (await resolveProfiles(adas)).get(carlaInbox);
    expect(profile?.name).toBe("Carla");
    if (!profile?.encryptedImage || !metadata?.imageEncryptionKey) throw new Error("no picture");
    const { encryptedImage } = profile;
    const sealed = await fetched(encryptedImage.url);
    const picture = decryptImage(metadata.imageEncryptionKey, encryptedImage, sealed);
    expect(PICTURE.content.equals(picture ?? Buffer.alloc(0))).toBe(true);
  });

  it("are saved by the client when our side has sealed them", async () => {
    const key = decodeAppData(adas.appData)?.imageEncryptionKey;
    if (key === undefined) throw new Error("no key");
    const { sealed, ...opening } = encryptImage(key, PICTURE.content);
    const encryptedImage = { url: stage.fileHost.put(sealed), ...opening };
    await sendContent(adas, profileUpdateCodec, { name: "Ada", encryptedImage });
    const output = join(carla.folder, "ada.png");
    const args = ["download-profile-image", room, ada.client.inboxId, "--output", output, "--sync"];
    await carla.ask(SavedFile, "conversation", ...args);
    expect(PICTURE.content.equals(await readFile(output))).toBe(true);
  });
});
