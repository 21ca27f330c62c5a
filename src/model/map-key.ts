/** Keys of maps: any text that UTF-8 can carry, of limited length. */

export const maxMapKeyBytes = 256;

/** A lone surrogate, for which the encoder writes another character: then two keys would be one. */
const halfOfAPair = /\p{Cs}/u;

const encoder = new TextEncoder();

export function isMapKey(key: string): boolean {
  const isText = key !== '' && key.length <= maxMapKeyBytes && !halfOfAPair.test(key);
  return isText && encoder.encode(key).length <= maxMapKeyBytes;
}
