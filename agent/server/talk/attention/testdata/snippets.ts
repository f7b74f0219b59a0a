import type { Prompt, Restraint } from "../gate.ts";

/** What Ada, Bob and Cleo say to each other with an agent named Walrus in the room. */
export interface Snippet {
  /** "Ada: …"; what waits, oldest first. `Ada > us: …` replies to the agent, `Ada > Bob: …` to somebody else. */
  said: readonly string[];
  /** "us": the agent spoke right before; "us-asking Ada": and asked her something. */
  after?: "us" | `us-asking ${"Ada" | "Bob" | "Cleo"}`;
  /** Who is in the room besides the agent; all three when not given. */
  room?: readonly ("Ada" | "Bob" | "Cleo")[];
  /** `model`: the words alone do not tell. */
  decided: `turn ${Prompt}` | `silent ${Restraint}` | "model";
}

export const SNIPPETS: readonly Snippet[] = [
  // Nobody else could be meant.
  { room: ["Ada"], said: ["Ada: hello"], decided: "turn alone" },
  { room: ["Ada"], said: ["Ada: lol"], decided: "turn alone" },
  { room: ["Ada"], said: ["Ada: Bob says he's late"], decided: "turn alone" },
  { room: ["Bob"], said: ["Bob: 👍"], decided: "turn alone" },
  // Called by name.
  { said: ["Ada: Walrus, what's the weather in Lisbon?"], decided: "turn named" },
  { said: ["Ada: @walrus book it"], decided: "turn named" },
  { said: ["Bob: can you do that walrus"], decided: "turn named" },
  { said: ["Bob: hey Walrus!"], decided: "turn named" },
  { said: ["Cleo: WALRUS PLEASE"], decided: "turn named" },
  { said: ["Cleo: thanks walrus 🙏"], decided: "turn named" },
  { said: ["Ada: what does Walrus’s plan say?"], decided: "turn named" },
  { said: ["Ada: Bob, ask Walrus"], decided: "turn named" },
  { said: ["Ada > Bob: let walrus do it"], decided: "turn named" },
  { said: ["Bob: lol", "Ada: Walrus?", "Bob: haha"], decided: "turn named" },
  // A name inside another word is none.
  { said: ["Bob: walruses are huge"], decided: "model" },
  // Replies.
  { said: ["Ada > us: make it 8pm"], decided: "turn replied-to" },
  { said: ["Bob > us: lol"], decided: "turn replied-to" },
  { said: ["Cleo > us: Bob, look"], decided: "turn replied-to" },
  { said: ["Ada > Bob: same here"], decided: "silent between-others" },
  { said: ["Ada > Bob: when do you land?"], decided: "silent between-others" },
  { said: ["Cleo > Ada: can you send it to me"], after: "us", decided: "silent between-others" },
  // To somebody else by name.
  { said: ["Ada: Bob, are you coming?"], decided: "silent to-another" },
  { said: ["Ada: @Bob see above"], decided: "silent to-another" },
  { said: ["Ada: @bob can you book the table"], decided: "silent to-another" },
  { said: ["Bob: hey Cleo, where did you park?"], decided: "silent to-another" },
  { said: ["Bob: Cleo: did you pay?"], decided: "silent to-another" },
  { said: ["Cleo: what time do you land, Ada?"], decided: "silent to-another" },
  { said: ["Cleo: ok Bob, deal"], decided: "silent to-another" },
  { said: ["Cleo: thanks Ada"], decided: "silent to-another" },
  { said: ["Ada: happy birthday, Cleo!"], decided: "silent to-another" },
  { said: ["Ada: Bob, are you coming?"], after: "us", decided: "silent to-another" },
  { said: ["Ada: Bob, what do you think?"], after: "us-asking Ada", decided: "silent to-another" },
  // Banter.
  { said: ["Ada: lol"], decided: "silent chatter" },
  { said: ["Ada: hahahaha"], decided: "silent chatter" },
  { said: ["Bob: 😂😂😂"], decided: "silent chatter" },
  { said: ["Bob: 👍"], decided: "silent chatter" },
  { said: ["Cleo: thank you so much!"], decided: "silent chatter" },
  { said: ["Cleo: good morning everyone"], decided: "silent chatter" },
  { said: ["Ada: ok cool"], decided: "silent chatter" },
  { said: ["Ada: nice!!"], decided: "silent chatter" },
  { said: ["Bob: yes"], decided: "silent chatter" },
  { said: ["Bob: omg", "Cleo: hahaha", "Ada: wow"], decided: "silent chatter" },
  { said: ["Cleo: ..."], decided: "silent chatter" },
  { said: ["Cleo: same"], decided: "silent chatter" },
  { said: ["Ada: thanks, that's perfect"], after: "us", decided: "silent chatter" },
  { said: ["Bob: great"], after: "us", decided: "silent chatter" },
  { said: ["Bob: bye all"], decided: "silent chatter" },
  { said: ["Ada: lol", "Ada: Bob, stop"], decided: "silent to-another" },
  // The agent has asked and waits.
  { said: ["Ada: yes"], after: "us-asking Ada", decided: "turn awaited" },
  { said: ["Ada: the 14th, four of us"], after: "us-asking Ada", decided: "turn awaited" },
  { said: ["Bob: lol", "Ada: the second one"], after: "us-asking Ada", decided: "turn awaited" },
  { said: ["Bob: yes"], after: "us-asking Ada", decided: "silent chatter" },
  { said: ["Bob: I'd take the second one"], after: "us-asking Ada", decided: "model" },
  // Right after its own answer.
  { said: ["Ada: and on Sunday?"], after: "us", decided: "turn followed-up" },
  { said: ["Bob: how far is that from the station"], after: "us", decided: "turn followed-up" },
  { said: ["Cleo: is it open late?"], after: "us", decided: "turn followed-up" },
  { said: ["Cleo: so what would that cost"], after: "us", decided: "turn followed-up" },
  { said: ["Ada: nice", "Bob: is breakfast included?"], after: "us", decided: "model" },
  // Somebody might be meant, or nobody.
  { said: ["Ada: does anyone know a good place for dinner?"], decided: "model" },
  { said: ["Ada: book a table for four tomorrow at eight"], decided: "model" },
  { said: ["Bob: I'm running ten minutes late"], decided: "model" },
  { said: ["Bob: what's the capital of Peru"], decided: "model" },
  { said: ["Cleo: https://example.org/menu"], decided: "model" },
  { said: ["Cleo: can you remind us at six?"], decided: "model" },
  { said: ["Ada: I hate this weather"], decided: "model" },
  { said: ["Ada: Bob and I will be there at nine"], decided: "model" },
  { said: ["Bob: lol", "Cleo: so where are we eating tonight?"], decided: "model" },
  { said: ["Cleo: the train leaves at 7:40 from platform 3"], after: "us", decided: "model" },
];
