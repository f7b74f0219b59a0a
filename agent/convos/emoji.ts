import { createHash } from "node:crypto";

/** The 90 emoji of the clients, in their order. The order is the protocol: an emoji is named by its place here. */
const EMOJIS = [
  "🥫 🎸 🎨 🎯 🎪 🎭 🎬 🎤 🎧 🎹 🎺 🎻 🪘 🪗 🎲 🎮 🧩 🪀 🪁 🧸 🪆 🔮 🧿 🪬 🎰 🛸 🚀 ⚓️ 🧲 💎",
  "🌵 🌊 🍄 🌸 🌈 🌻 🌴 🌲 🍀 🌾 🪻 🪷 🪹 🪺 🌙 ⭐️ 🌍 🔥 💧 🌪️",
  "🦊 🐙 🦋 🐢 🦩 🦄 🐋 🦈 🦑 🐠 🦜 🦚 🦢 🦉 🦇 🐝 🐌 🦎 🐲 🦕",
  "🍕 🌮 🍩 🍦 🥑 🍎 🍋 🍇 🥝 🍒 🧁 🍰 🍪 🥨 🥐 🧀 🥗 🍜 🍣 🥟",
].flatMap((line) => line.split(" "));

/**
 * The emoji that clients show for a conversation without a picture, unless its metadata names another:
 * the first byte of the SHA-256 of the identifier's UTF-8 bytes, modulo 90, chooses from the fixed list.
 * The command-line client gives the XMTP group id as the identifier, the iOS app its local conversation id.
 */
export function defaultEmoji(identifier: string): string {
  const firstByte = createHash("sha256").update(identifier, "utf8").digest().readUInt8(0);
  return EMOJIS[firstByte % EMOJIS.length] ?? "";
}
