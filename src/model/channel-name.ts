/** Which strings can name a channel. */

declare const channelName: unique symbol;

/** A valid channel name; made by {@link parseChannelName} only. */
export type ChannelName = string & { readonly [channelName]: true };

/** Names with this prefix belong to the server and are closed to clients. */
export const internalPrefix = '@fanfare:';

/** Longest name, in bytes of UTF-8. */
export const maxChannelBytes = 255;

/**
 * Controls (C0, DEL, C1), line and paragraph separators, and what reorders or hides text or cannot be seen: soft hyphen,
 * zero-width and bidirectional marks, fillers, tags. Two names that look the same to a person must not be different
 * channels. Variation selectors (U+FE00 to U+FE0F) are let through: keyboards put one behind many an emoji.
 */
const forbidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/u;

/** Why a string is not a channel name. */
export type ChannelNameFault = 'empty' | 'too-long' | 'forbidden-character' | 'not-well-formed' | 'not-normalized';

/** Tells what is wrong with a name, or `undefined` when nothing is. Linear in its length. */
export function channelNameFault(name: string): ChannelNameFault | undefined {
  if (name.length === 0) return 'empty';
  if (name.length > maxChannelBytes) return 'too-long';
  if (forbidden.test(name)) return 'forbidden-character';
  if (isAscii(name)) return undefined;
  if (!isWellFormed(name)) return 'not-well-formed';
  if (utf8Length(name) > maxChannelBytes) return 'too-long';
  // Twins in NFC and NFD would share a look but not a rule, so only one spelling exists.
  if (name.normalize('NFC') !== name) return 'not-normalized';
  return undefined;
}

/** The name, branded, or `undefined` when it is not one. */
export function parseChannelName(name: string): ChannelName | undefined {
  // safe: the check is the definition of the brand
  return channelNameFault(name) === undefined ? (name as ChannelName) : undefined;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
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
