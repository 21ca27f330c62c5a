/** What is in a stream: bodies of requests to the data of publications, and back. */

import type { DataKind } from '../../engine/channels/data-kind.js';
import { mediaTypeOf } from '../../http/media-type.js';
import { bytesFromBase64, toBase64 } from '../../model/base64.js';
import { parseJson } from '../../model/json-parse.js';
import { each } from '../../model/json-shape.js';
import { JsonSource } from '../../model/json-source.js';
import { trustedJsonText } from '../../model/json-text.js';
import { isBytes, type Payload, payloadJson } from '../../model/payload.js';
import { decodeUtf8 } from '../../model/utf8.js';

/** `json`: messages. Otherwise a sequence of bytes, without boundaries; `text` is UTF-8. */
export type StreamMode = 'json' | 'text' | 'bytes';

export const jsonContent = 'application/json';
export const binaryContent = 'application/octet-stream';

/** What decides whether two types are the same: without parameters, in lower case. */
export function typeOf(contentType: string): string {
  return mediaTypeOf(contentType);
}

export function modeOf(contentType: string): StreamMode {
  const type = typeOf(contentType);
  return type === jsonContent ? 'json' : type.startsWith('text/') ? 'text' : 'bytes';
}

/** Where data is kept. */
interface Place {
  readonly data: DataKind;
  readonly maxMessageBytes: number;
}

/**
 * The data of the publications that a body becomes: in JSON one for each message, an array is several; otherwise
 * pieces that fit. Or what is wrong with the body.
 */
export function payloadsOf(mode: StreamMode, body: Uint8Array, place: Place): readonly Payload[] | string {
  if (mode === 'bytes') return piecesOfBytes(body, place);
  const text = decodeUtf8(body);
  if (text === undefined) return 'the body is not UTF-8';
  return mode === 'json' ? messagesOf(text, place) : piecesOfText(text, place);
}

function messagesOf(text: string, place: Place): readonly Payload[] | string {
  // Elements stay text, so that they lose nothing.
  const parsed = parseJson(text, text.trimStart().startsWith('[') ? each('source') : 'source');
  if (!parsed.ok) return parsed.fault === 'nesting' ? 'the body nests too deeply' : 'the body is not JSON';
  const sources = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  const payloads: Payload[] = [];
  for (const source of sources) {
    if (!(source instanceof JsonSource)) return 'the body is not JSON';
    if (source.hasLoneSurrogate) return 'the body has a lone surrogate';
    payloads.push(place.data === 'json' ? source.text : Buffer.from(source.text));
  }
  return payloads;
}

function piecesOfText(text: string, { data, maxMessageBytes }: Place): readonly Payload[] {
  const payloads: Payload[] = [];
  for (let at = 0; at < text.length; ) {
    let end = wholeEnd(text, at, at + maxMessageBytes);
    let payload = textPayload(text, at, end, data);
    while (sizeOf(payload) > maxMessageBytes) {
      const shorter = wholeEnd(text, at, at + ((end - at) >> 1));
      if (shorter === at || shorter === end) break;
      end = shorter;
      payload = textPayload(text, at, end, data);
    }
    payloads.push(payload);
    at = end;
  }
  return payloads;
}

/** Not between the halves of a character. */
function wholeEnd(text: string, from: number, to: number): number {
  if (to >= text.length) return text.length;
  const code = text.charCodeAt(to - 1);
  if (to === from || code < 0xd800 || code >= 0xdc00) return to;
  return to - 1 > from ? to - 1 : to + 1;
}

function textPayload(text: string, from: number, to: number, data: DataKind): Payload {
  const piece = text.slice(from, to);
  // safe: JSON.stringify of a string is JSON text
  return data === 'json' ? trustedJsonText(JSON.stringify(piece)) : Buffer.from(piece);
}

function piecesOfBytes(body: Uint8Array, { data, maxMessageBytes }: Place): readonly Payload[] {
  // Base64 between quotes, of whole groups of three bytes.
  const most = data === 'json' ? Math.max(3, Math.floor((maxMessageBytes - 2) / 4) * 3) : maxMessageBytes;
  const payloads: Payload[] = [];
  for (let at = 0; at < body.length; at += most) {
    const piece = body.subarray(at, at + most);
    payloads.push(data === 'json' ? trustedJsonText(`"${toBase64(piece)}"`) : new Uint8Array(piece));
  }
  return payloads;
}

function sizeOf(payload: Payload): number {
  return isBytes(payload) ? payload.length : Buffer.byteLength(payloadJson(payload));
}

/**
 * The bytes of one publication, as a reader gets them. What SDKs and backends publish to a stream of text or bytes, and is
 * neither, is its JSON.
 */
export function bytesOf(mode: StreamMode, payload: Payload): Uint8Array {
  if (isBytes(payload)) return payload;
  const text = payloadJson(payload);
  if (mode === 'json' || !text.startsWith('"')) return Buffer.from(text);
  const value: string = JSON.parse(text);
  return mode === 'bytes' ? (bytesFromBase64(value) ?? Buffer.from(text)) : Buffer.from(value);
}

/** The body of an answer with these publications. */
export function bodyOf(mode: StreamMode, payloads: readonly Payload[]): Uint8Array {
  if (mode !== 'json') return Buffer.concat(payloads.map((payload) => bytesOf(mode, payload)));
  const texts = payloads.map((payload) => Buffer.from(bytesOf(mode, payload)).toString());
  return Buffer.from(`[${texts.join(',')}]`);
}

/** A `data` event of server-sent events. Line breaks cannot end it, whatever is in the data. */
export function dataEvent(mode: StreamMode, payloads: readonly Payload[]): string {
  const body = bodyOf(mode, payloads);
  const text = mode === 'bytes' ? toBase64(body) : Buffer.from(body).toString();
  const lines = text.split(/\r\n|\n|\r/).map((line) => `data:${line}\n`);
  return `event: data\n${lines.join('')}\n`;
}
