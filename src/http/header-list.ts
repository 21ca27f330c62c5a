/** Headers that are lists: elements between commas, some of which may be empty (RFC 9110, 5.6.1). */

/** The elements as they were sent, without the space around them. */
export function elementsOf(value: string | undefined): string[] {
  return value === undefined ? [] : splitOutsideQuotes(value, ',').filter((element) => element !== '');
}

/** Parts between separators outside quoted strings (RFC 9110, 5.6.4), without the space around them. */
export function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  if (!text.includes('"')) return text.split(separator).map(trimmed);
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted && char === '\\') i++;
    else if (!isQuoted && char === separator) {
      parts.push(trimmed(text.slice(start, i)));
      start = i + 1;
    }
  }
  parts.push(trimmed(text.slice(start)));
  return parts;
}

/** Removes quotes and escapes. Returns unquoted text unchanged, and `undefined` if a quote is missing. */
export function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  return quotedString.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : undefined;
}

const quotedString = /^"(?:[^"\\]|\\.)*"$/;

/** Parses a parameter or directive: a lower-case name, and its value without quotes. */
export function pairOf(text: string): readonly [name: string, value: string] | undefined {
  const equals = text.indexOf('=');
  const value = equals === -1 ? undefined : unquoted(trimmed(text.slice(equals + 1)));
  return value === undefined ? undefined : [trimmed(text.slice(0, equals)).toLowerCase(), value];
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** RFC 9110, 5.6.2. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Removes HTTP's optional white space, which is less than JavaScript's. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
