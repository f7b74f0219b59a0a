/** Words that people say to whom they have just listened to, and that ask for nothing. */
const CHATTER = new Set(
  [
    "ok okay k kk okey alright right sure yes yep yeah yup ya no nope nah maybe true same agreed deal done",
    "lol lmao rofl haha hahaha hahahaha hehe heh xd omg wow whoa oh ooh aww aw yay nice cool great awesome amazing",
    "perfect lovely sweet neat good fine wonderful brilliant excellent fantastic beautiful congrats congratulations",
    "thanks thank thx ty cheers welcome sorry oops hmm hm mhm ah aha hey hi hello hiya yo morning evening night bye",
    "goodnight gn ciao later see cu ttyl brb gtg welp ugh meh damn",
  ]
    .join(" ")
    .split(" "),
);
/** What may stand beside such a word without making it a sentence. */
const FILLERS = new Set(
  "you so much very a lot everyone everybody all guys folks team too me that that's is it's its was this one the there to".split(
    " ",
  ),
);
const CHATTER_MAX_WORDS = 5;

/** How a sentence begins that asks, also without its mark. */
const ASKING =
  /^(?:and |so |but |ok |okay |well )?(?:who|whom|whose|what|what's|whats|when|where|why|which|how|how's|can|could|would|will|should|shall|is|are|was|were|do|does|did|have|has|may|might)\b/i;

const word = /[\p{L}\p{N}']+/gu;

const wordsOf = (text: string): readonly string[] =>
  text.toLowerCase().replaceAll("’", "'").match(word) ?? [];

/** Laughter, thanks, greetings, agreement, emoji: nobody waits for an answer to it. */
export function isChatter(text: string): boolean {
  if (text.includes("?")) return false;
  const words = wordsOf(text);
  if (words.length === 0) return true;
  if (words.length > CHATTER_MAX_WORDS) return false;
  const isOne = (each: string): boolean =>
    CHATTER.has(each) || /^(?:(?:ha)+h?|(?:he)+h?|lo+l|x+d+|\d)$/.test(each);
  return words.some(isOne) && words.every((each) => isOne(each) || FILLERS.has(each));
}

export function isQuestion(text: string): boolean {
  return /\?/.test(text) || ASKING.test(text.trim());
}

/** Whether the text holds the name, or its first word where that is a name by itself, as words of their own. */
export function names(text: string, name: string): boolean {
  const said = wordsOf(text);
  return callNames(name).some((call) => holds(said, call));
}

/** Whether the text begins by calling somebody: "Bob, …", "@Bob …", "hey Bob …", or ends so: "…, Bob". */
export function opensWith(text: string, name: string): boolean {
  return callNames(name).some((call) => {
    const pattern = call.map(escaped).join("[^\\p{L}\\p{N}]+");
    const opening = new RegExp(
      `^\\s*(?:@${pattern}(?![\\p{L}\\p{N}])|(?:(?:hey|hi|hello|ok|okay|so|and|yo|no|yes|thanks|thank you)[ ,]+)?${pattern}\\s*[,:!?—–-])`,
      "iu",
    );
    const closing = new RegExp(`(?:,\\s*|@)${pattern}\\s*[.!?]*\\s*$`, "iu");
    const greeting = new RegExp(
      `^\\s*(?:hey|hi|hello|yo|thanks|thank you|sorry)[ ,]+${pattern}(?![\\p{L}\\p{N}])`,
      "iu",
    );
    return opening.test(text) || closing.test(text) || greeting.test(text);
  });
}

const SHORTEST_FIRST_NAME = 3;

/** The whole name, and its first word when that is long enough to be one. */
function callNames(name: string): readonly (readonly string[])[] {
  const whole = wordsOf(name);
  const [first] = whole;
  if (first === undefined) return [];
  return whole.length > 1 && first.length >= SHORTEST_FIRST_NAME ? [whole, [first]] : [whole];
}

function holds(said: readonly string[], call: readonly string[]): boolean {
  const bare = (text: string | undefined): string => (text ?? "").replace(/'s$/, "");
  return said.some((_, at) => call.every((each, offset) => bare(said[at + offset]) === bare(each)));
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
