/** Headers that are lists: elements between commas, some of which may be empty (RFC 9110, 5.6.1). */

/** The elements as they were sent, without the space around them. Not for lists whose elements may be quoted. */
export function elementsOf(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(',')
    .map((element) => trimmed(element))
    .filter((element) => element !== '');
}

/** Without the optional white space of HTTP around it, which is less than what JavaScript takes for space. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
