/** Base64 as in RFC 4648, section 4: the standard alphabet, with padding. By Node's `Buffer` where there is one. */

/** What is used of it. Read from `globalThis`, so that bundlers for browsers do not put one in. */
interface NodeBuffer {
  from(text: string, encoding: 'base64'): Uint8Array;
  from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string };
}

const { Buffer: nodeBuffer } = globalThis as { readonly Buffer?: NodeBuffer };
/** Arguments of one call, far below what engines accept. */
const charsAtOnce = 8_192;

export function toBase64(bytes: Uint8Array): string {
  if (nodeBuffer !== undefined) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  let binary = '';
  for (let at = 0; at < bytes.length; at += charsAtOnce) {
    binary += String.fromCharCode(...bytes.subarray(at, at + charsAtOnce));
  }
  return btoa(binary);
}

/** Bytes of their own; `undefined` for anything but the text that {@link toBase64} makes of them. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  const bytes = decoded(text);
  // Decoders skip what they do not know, and some accept other alphabets.
  return bytes !== undefined && toBase64(bytes) === text ? bytes : undefined;
}

function decoded(text: string): Uint8Array | undefined {
  if (nodeBuffer !== undefined) return new Uint8Array(nodeBuffer.from(text, 'base64'));
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
