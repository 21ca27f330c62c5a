/** Data of a message: JSON, on one line if it is short, or bytes, and never anything else than text. */

/** @jsxImportSource preact */

import { hexOfBytes, textOfBytes } from '../../../src/model/readable-bytes.js';
import { jsonText, bytes as size } from '../format.js';

const most = 4_000;
const mostHex = 512;

export function Data({ value }: { readonly value: unknown }) {
  return <pre class="data">{cut(jsonText(value))}</pre>;
}

/** As their text, or in hexadecimals. @param base64 as the API has it */
export function BytesData({ base64 }: { readonly base64: string }) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const text = textOfBytes(bytes);
  return (
    <>
      <p class="event-head">{`${size(bytes.length)}, ${text === undefined ? 'in hexadecimals' : 'which are text'}`}</p>
      <pre class="data">{text === undefined ? hexOfBytes(bytes, mostHex) : cut(text)}</pre>
    </>
  );
}

function cut(text: string): string {
  return text.length > most ? `${text.slice(0, most)}\n…` : text;
}
