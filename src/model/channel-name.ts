/** Which strings can name a channel. */

declare const channelName: unique symbol;

/** A valid channel name; made by {@link parseChannelName} only. */
export type ChannelName = string & { readonly [channelName]: true };

/** Names with this prefix belong to the server and are closed to clients. */
export const internalPrefix = '@fanfare:';

/** Longest name, in bytes of UTF-8. */
export const maxChannelBytes = 255;

/**
 * Controls (C0, DEL, C1), line and paragraph separators, and characters that reorder or hide text or are invisible:
 * soft hyphen, zero-width and bidirectional marks, fillers, tags. Two names that look the same must not be different
 * channels. Variation selectors (U+FE00 to U+FE0F) are permitted, because keyboards add one to many emoji.
 */
const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/u;

export type ChannelNameFault = 'empty' | 'too-long' | 'forbidden-character' | 'not-well-formed' | 'not-normalized';

/** The problem with a name, or `undefined`. Linear in its length. */
export function channelNameFault(name: string): ChannelNameFault | undefined {
  if (name.length === 0) return 'empty';
  if (name.length > maxChannelBytes) return 'too-long';
  if (isPrintableAscii(name)) return undefined;
  if (forbidden.test(name)) return 'forbidden-character';
  if (!isWellFormed(name)) return 'not-well-formed';
  if (utf8Length(name) > maxChannelBytes) return 'too-long';
  // The same name in NFC and NFD would look the same and be two channels, so only NFC is valid.
  if (name.normalize('NFC') !== name) return 'not-normalized';
  return undefined;
}

/** The name, branded, or `undefined` when it is not one. */
export function parseChannelName(name: string): ChannelName | undefined {
  // safe: the check is the definition of the brand
  return channelNameFault(name) === undefined ? (name as ChannelName) : undefined;
}

/** Nearly all names are, and nothing in them is forbidden. */
function isPrintableAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

function isWellFormed(text: string): boolean {
  // A lone surrogate is a code point of its own; a pair is one code point above 0xffff.
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) return false;
  }
  return true;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
