const TO_WHOM = {
  stopped:
    "They have opted out with STOP, so no text goes there until they text START to the agent's number.",
  abroad: "Text messages can only go to the United States.",
  invalid: "The network does not take that number. Ask the people whether it is right.",
  landline: "That is a landline, which takes no text messages.",
} as const;
const SPAM = "The carriers took the words for spam. Put it differently, plainly and without links.";
const OURS = "The agent's own number cannot send at present. Whoever runs the agent has to look at it.";
const LATER = "The network is too busy. Nothing was sent; try again in some minutes.";

/** Source: Telnyx, "API errors" and "Messaging error codes". */
const REASONS: Readonly<Record<string, string>> = {
  "10009": OURS,
  "10010": OURS,
  "10011": "Too many texts at once. Nothing was sent; try again a little later.",
  "10036": LATER,
  "10037": "The text message service cannot be used now. Nothing was sent; try again later.",
  "20002": OURS,
  "20100": OURS,
  "40001": TO_WHOM.landline,
  "40002": SPAM,
  "40003": SPAM,
  "40010":
    "The carriers did not deliver it: the agent's number is not registered for this yet. Whoever runs the agent has to do that.",
  "40015": SPAM,
  "40300": TO_WHOM.stopped,
  "40302": "The text is too long for one message. Shorten it.",
  "40305": OURS,
  "40309": TO_WHOM.abroad,
  "40310": TO_WHOM.invalid,
  "40312": OURS,
  "40318": LATER,
  "40320": OURS,
  "40331": OURS,
  "40333": "The day's money for text messages is used up. It is possible again after midnight UTC.",
};

export const STOP_CODE = "40300";
export const STOPPED = TO_WHOM.stopped;

/** Why nothing was sent, or why it was not delivered, by the provider's code. */
export const reasonOf = (code: string | undefined): string =>
  REASONS[code ?? ""] ?? "The text message service refused it. Nothing was sent.";
