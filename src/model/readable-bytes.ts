/** Bytes as people read them: as text if they are one, and else as hexadecimals. */

import { decodeUtf8 } from './utf8.js';

/** Such as no text has; tabs and line breaks are none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const bytesPerLine = 16;

/** The text that they are in UTF-8; `undefined` for other bytes, and for a text with control characters. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  return text === undefined || control.test(text) ? undefined : text;
}

/** `0a ff`, in lines of 16. @param most at most so many bytes, and then an ellipsis */
export function hexOfBytes(bytes: Uint8Array, most: number): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += bytesPerLine) {
    const line = bytes.subarray(at, Math.min(at + bytesPerLine, most));
    lines.push(Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return bytes.length > most ? `${lines.join('\n')} …` : lines.join('\n');
}
