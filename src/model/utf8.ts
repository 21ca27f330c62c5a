/** Decodes UTF-8 from outside. */

/** Shared, since creating a decoder takes longer than decoding a message. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** `undefined` when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
