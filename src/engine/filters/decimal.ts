/** Decimal numbers in texts, compared exactly: tags are texts, and a price or an id has more digits than a double. */

/** What the protocol's servers accept: no exponent, no point without digits on both sides. */
const form = /^[+-]?\d+(?:\.\d{1,19})?$/;
const maxLength = 200;
const fractionDigits = 19;
/** As many characters are at most 15 digits, which a double has exactly. */
const maxDoubleLength = 15;

export interface Decimal {
  readonly text: string;
  /** Exact if the text is short. */
  readonly double: number;
}

/** `undefined` if the text is no such number. */
export function decimalOf(text: string): Decimal | undefined {
  return text.length <= maxLength && form.test(text) ? { text, double: Number(text) } : undefined;
}

/** Below 0 if a is the smaller one, 0 if they are equal. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.text.length <= maxDoubleLength && b.text.length <= maxDoubleLength) return a.double - b.double;
  const [x, y] = [scaled(a.text), scaled(b.text)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The number times 10^19. */
function scaled(text: string): bigint {
  const point = text.indexOf('.');
  const [whole, fraction] = point === -1 ? [text, ''] : [text.slice(0, point), text.slice(point + 1)];
  return BigInt(`${whole.replace('+', '')}${fraction.padEnd(fractionDigits, '0')}`);
}
