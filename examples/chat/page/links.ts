/** Finds addresses in messages. What is not an address remains text. */

export interface TextPart {
  readonly text: string;
  /** Only an absolute address with http or https, so it cannot contain a script. */
  readonly href?: string;
}

const candidates = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu;

/** The parts of a text, in order; joined they are the text. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(candidates)) {
    const shown = withoutTrailing(found);
    const href = addressOf(shown);
    if (href === undefined) continue;
    if (index > end) parts.push({ text: text.slice(end, index) });
    parts.push({ text: shown, href });
    end = index + shown.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** A full stop ends the sentence, and a closing bracket belongs to the text if it was opened there. */
function withoutTrailing(address: string): string {
  let rest = address;
  for (;;) {
    const last = rest.at(-1) ?? '';
    const opener = { ')': '(', ']': '[', '}': '{' }[last];
    const isUnopened = opener !== undefined && rest.split(opener).length < rest.split(last).length;
    if (!isUnopened && !'.,;:!?*_~'.includes(last)) return rest;
    rest = rest.slice(0, -1);
    if (rest === '') return rest;
  }
}

/** Addresses with a user name pretend to be another site: `https://bank.example@evil.example/`. */
function addressOf(text: string): string | undefined {
  try {
    const { protocol, hostname, username, password, href } = new URL(text);
    const isWeb = protocol === 'http:' || protocol === 'https:';
    return isWeb && hostname !== '' && username === '' && password === '' ? href : undefined;
  } catch {
    return undefined; // only looks like an address
  }
}
