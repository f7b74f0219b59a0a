/** One symbol, of however many parts; nothing that could be read as words. */
const EMOJI =
  /^(?=.*(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3))(?!.*[\p{L}\p{Cc}\p{P}\s])\S{1,24}$/u;

export const isEmoji = (text: string): boolean => EMOJI.test(text);
