/** The GSM 03.38 alphabet; the second string needs an escape, so each of its characters counts twice. */
const GSM_BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENDED = "^{}\\[~]|€";

/** How a text goes over the air: its encoding and the number of parts it is charged as. */
export function measureText(text: string): { encoding: "GSM-7" | "UCS-2"; parts: number } {
  let septets = 0;
  for (const character of text) {
    if (GSM_BASIC.includes(character)) septets += 1;
    else if (GSM_EXTENDED.includes(character)) septets += 2;
    else return { encoding: "UCS-2", parts: partsOf(text.length, 70, 67) };
  }
  return { encoding: "GSM-7", parts: partsOf(septets, 160, 153) };
}

const partsOf = (units: number, single: number, each: number): number =>
  units <= single ? 1 : Math.ceil(units / each);

const OPT_OUT = new Set(["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]);
const OPT_IN = new Set(["START", "UNSTOP"]);

/** The keyword that the whole text is, if it is one. Source: provider document "Advanced Opt-In/Out". */
export function keywordOf(text: string): "STOP" | "START" | "HELP" | null {
  const word = text.trim().toUpperCase();
  if (OPT_OUT.has(word)) return "STOP";
  if (OPT_IN.has(word)) return "START";
  return word === "HELP" ? "HELP" : null;
}
