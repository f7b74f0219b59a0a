const MAX_EXPRESSION_CHARS = 200;
const WORDS: readonly [RegExp, string][] = [
  [/\bplus\b/gi, "+"],
  [/\bminus\b/gi, "-"],
  [/\b(?:times|multiplied by)\b|[×x]/gi, "*"],
  [/\bdivided by\b|÷/gi, "/"],
  [/(?<=\d),(?=\d{3}\b)/g, ""],
];
const ASKED =
  /^(?:(?:hey|please|so|and|ok)[, ]+)*(?:what(?:'s| is)|how much is|calculate|compute|solve)\s+(.+?)\s*[?=.!]*$/i;
const BARE = /^([\d\s.,+*/×÷x()^-]+?)\s*[?=]*$/;

/** The value of the sum that a message asks for; undefined when it asks for none. */
export function solve(message: string): number | undefined {
  const asked = ASKED.exec(message)?.[1] ?? BARE.exec(message)?.[1];
  if (asked === undefined || asked.length > MAX_EXPRESSION_CHARS) return undefined;
  const expression = WORDS.reduce((text, [word, sign]) => text.replace(word, sign), asked);
  const tokens = expression.match(/\d+(?:\.\d+)?|[-+*/^()]|\S/g) ?? [];
  if (!tokens.some((token, index) => index > 0 && /^[-+*/^]$/.test(token))) return undefined;
  const reader = { tokens, at: 0 };
  const value = sum(reader);
  return value !== undefined && reader.at === tokens.length && Number.isFinite(value)
    ? Number(value.toPrecision(12))
    : undefined;
}

interface Reader {
  tokens: string[];
  at: number;
}
type Operations = Record<string, (a: number, b: number) => number>;

const ADD: Operations = { "+": (a, b) => a + b, "-": (a, b) => a - b };
const MULTIPLY: Operations = { "*": (a, b) => a * b, "/": (a, b) => a / b };

const sum = (reader: Reader): number | undefined => chain(reader, ADD, product);
const product = (reader: Reader): number | undefined => chain(reader, MULTIPLY, power);

function chain(
  reader: Reader,
  operations: Operations,
  next: (reader: Reader) => number | undefined,
): number | undefined {
  let value = next(reader);
  for (;;) {
    const operation = operations[reader.tokens[reader.at] ?? ""];
    if (!operation || value === undefined) return value;
    reader.at += 1;
    const right = next(reader);
    value = right === undefined ? undefined : operation(value, right);
  }
}

function power(reader: Reader): number | undefined {
  const base = atom(reader);
  if (base === undefined || reader.tokens[reader.at] !== "^") return base;
  reader.at += 1;
  const exponent = power(reader);
  return exponent === undefined ? undefined : base ** exponent;
}

function atom(reader: Reader): number | undefined {
  const token = reader.tokens[reader.at] ?? "";
  reader.at += 1;
  if (token === "-") {
    const value = atom(reader);
    return value === undefined ? undefined : -value;
  }
  if (token === "(") {
    const value = sum(reader);
    reader.at += 1;
    return reader.tokens[reader.at - 1] === ")" ? value : undefined;
  }
  return /^\d/.test(token) ? Number(token) : undefined;
}
