/** Patterns of Lua 5.1 as regular expressions, as far as the functions of the broker use them: single characters, sets, captures. */

const classes: Readonly<Record<string, string>> = {
  a: 'A-Za-z',
  c: '\\x00-\\x1f\\x7f',
  d: '0-9',
  l: 'a-z',
  p: '!-\\/:-@\\[-`{-~',
  s: ' \\t-\\r',
  u: 'A-Z',
  w: 'A-Za-z0-9',
  x: '0-9A-Fa-f',
};
const quantifiers: Readonly<Record<string, string>> = { '*': '*', '+': '+', '-': '*?', '?': '?' };
const compiled = new Map<string, RegExp>();

/** Sticky if the pattern begins with an anchor, otherwise global. @throws Error for what is not known here */
export function patternOf(text: string): RegExp {
  const known = compiled.get(text);
  if (known !== undefined) {
    known.lastIndex = 0;
    return known;
  }
  const isAnchored = text.startsWith('^');
  const made = new RegExp(sourceOf(isAnchored ? text.slice(1) : text), isAnchored ? 'y' : 'g');
  compiled.set(text, made);
  return made;
}

function sourceOf(text: string): string {
  let source = '';
  for (let at = 0; at < text.length; ) {
    const sign = text.charAt(at);
    if (sign === '(' || sign === ')') {
      if (text.startsWith('()', at)) throw unknown(text);
      source += sign;
      at++;
      continue;
    }
    if (sign === '$' && at === text.length - 1) return `${source}$`;
    const end = endOfItem(text, at);
    source += itemOf(text.slice(at, end), text);
    const quantifier = quantifiers[text.charAt(end)];
    source += quantifier ?? '';
    at = quantifier === undefined ? end : end + 1;
  }
  return source;
}

/** Of a character, a class or a set. */
function endOfItem(text: string, at: number): number {
  if (text[at] === '%') return at + 2;
  if (text[at] !== '[') return at + 1;
  // A bracket in the first place stands for itself.
  let end = text[at + 1] === '^' ? at + 2 : at + 1;
  do end += text[end] === '%' ? 2 : 1;
  while (end < text.length && text[end] !== ']');
  return end + 1;
}

function itemOf(item: string, pattern: string): string {
  if (item === '.') return '[\\s\\S]';
  if (!item.startsWith('[')) return `[${memberOf(item, pattern)}]`;
  const isNot = item.startsWith('[^');
  const inner = item.slice(isNot ? 2 : 1, -1);
  const members = inner.match(/%[\s\S]|[\s\S]-[\s\S]|[\s\S]/g) ?? [];
  return `[${isNot ? '^' : ''}${members.map((member) => memberOf(member, pattern)).join('')}]`;
}

function memberOf(member: string, pattern: string): string {
  if (member.length === 3) return `${escaped(member.charAt(0))}-${escaped(member.charAt(2))}`;
  if (!member.startsWith('%')) return escaped(member);
  const sign = member.charAt(1);
  const known = classes[sign];
  if (known !== undefined) return known;
  if (!/[A-Za-z0-9]/.test(sign)) return escaped(sign);
  const opposite = classes[sign.toLowerCase()];
  if (opposite === undefined || /[0-9]/.test(sign)) throw unknown(pattern);
  return complement(opposite);
}

/** All other characters, as members of a set. */
function complement(members: string): string {
  const own = new RegExp(`[${members}]`);
  const others = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((one) => !own.test(one));
  return others.map(escaped).join('');
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function unknown(pattern: string): Error {
  return new Error(`the model of Redis does not know the pattern ${pattern}`);
}
