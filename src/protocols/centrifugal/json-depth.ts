/** How deep a JSON text nests, found without parsing it: deep values overflow the stack of whoever encodes them again. */

const quote = 0x22;
const backslash = 0x5c;

/** Whether arrays and objects nest deeper than `limit`. Linear in the length; does not judge well-formedness. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  // Each level costs two characters, so a short text cannot be deep.
  if (text.length <= limit * 2) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Index of the quote that closes the string opened at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === quote) return i;
  }
  return text.length;
}
