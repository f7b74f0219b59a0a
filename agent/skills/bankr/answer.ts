/** Whole answers in a few languages. Anything else, also "yes, but", is no answer to a quote. */
const YES_WORDS: ReadonlySet<string> = new Set(
  "yes|yep|ok|okay|confirm|confirmed|i confirm|ja|bestätigt|oui|d'accord|sí|si|sì|vale|sim|confirmo|tak|ano|evet|да|так|はい|是|好的|确认|확인|네|हाँ|نعم|👍|✅".split(
    "|",
  ),
);
const NO_WORDS: ReadonlySet<string> = new Set(
  "no|nope|cancel|drop|stop|nein|abbrechen|non|annuler|nee|não|nao|cancelar|annulla|nie|ne|hayır|нет|ні|いいえ|不|不要|取消|아니요|नहीं|لا|👎|❌".split(
    "|",
  ),
);
const YES_REACTIONS: ReadonlySet<string> = new Set(["👍", "✅"]);
const NO_REACTIONS: ReadonlySet<string> = new Set(["👎", "❌"]);

const MAX_CHARS = 40;
/** How an emoji is shown, its skin tone and its variant, does not change what it says. */
const EMOJI_VARIANTS = /[\u{1F3FB}-\u{1F3FF}\uFE0F]/gu;

/** What a person answers to a quote: by a reaction where there is one, else by a whole text. */
export function answerOf(text: string, reaction: string | undefined): "yes" | "no" | undefined {
  if (reaction !== undefined) {
    const emoji = reaction.replace(EMOJI_VARIANTS, "");
    if (YES_REACTIONS.has(emoji)) return "yes";
    return NO_REACTIONS.has(emoji) ? "no" : undefined;
  }
  if (text.length > MAX_CHARS) return undefined;
  const word = text
    .normalize("NFC")
    .replace(EMOJI_VARIANTS, "")
    .replaceAll("’", "'")
    .trim()
    .replace(/\s*[.!。！]+$/u, "")
    .toLowerCase();
  if (YES_WORDS.has(word)) return "yes";
  return NO_WORDS.has(word) ? "no" : undefined;
}
