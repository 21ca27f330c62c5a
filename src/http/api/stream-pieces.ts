/** What a streaming request appends: its body as text, as lines of JSON, or as server-sent events of a provider. */

import type { NewAddition } from '../../engine/channels/answer-changes.js';
import { encodeMessage } from '../../engine/channels/publishing.js';
import { isFields } from '../../model/fields.js';
import { parseSource } from '../../model/json-parse.js';
import { parsedValue } from '../../model/json-source.js';
import { malformed, tooMuch } from './api-error.js';

/** `events`: server-sent events (HTML Living Standard, 9.2). */
export type BodyFormat = 'text' | 'lines' | 'events';

export interface PieceOptions {
  readonly format: BodyFormat;
  /** Whether the stream is one text; otherwise each piece is an item. */
  readonly isText: boolean;
  /** The way to the piece in each value of JSON. Empty: the value itself. */
  readonly pick: readonly string[];
}

/** Of a line that is not whole yet. */
const maxLineLength = 1_048_576;
/** With which providers end their events. */
const endOfEvents = '[DONE]';

/** @throws ApiError for what is no UTF-8 or no JSON, or a line that is too long */
export async function* piecesOf(chunks: AsyncIterable<Uint8Array>, options: PieceOptions): AsyncGenerator<NewAddition> {
  if (options.format === 'text') {
    for await (const text of textsOf(chunks)) yield { text };
    return;
  }
  const values = options.format === 'lines' ? linesOf(textsOf(chunks)) : eventsOf(linesOf(textsOf(chunks)));
  for await (const value of values) {
    if (value.trim() === '') continue;
    if (options.format === 'events' && value === endOfEvents) return;
    const piece = pieceOf(value, options);
    if (piece !== undefined) yield piece;
  }
}

async function* textsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw malformed('the body is not UTF-8');
    }
  };
  for await (const chunk of chunks) {
    const text = decoded(chunk);
    if (text !== '') yield text;
  }
  const rest = decoded();
  if (rest !== '') yield rest;
}

/** Without their ends: LF, or CR and LF. What follows the last end is a line, too. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const text of texts) {
    rest += text;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      yield rest.slice(0, end).replace(/\r$/, '');
      rest = rest.slice(end + 1);
    }
    if (rest.length > maxLineLength) throw tooMuch(`a line of the body is longer than ${maxLineLength} characters`);
  }
  if (rest !== '') yield rest;
}

/** The data of each event. */
async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines) {
    if (line === '' && data.length > 0) {
      yield data.join('\n');
      data = [];
    } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
  }
  if (data.length > 0) yield data.join('\n');
}

/** `undefined`: the value has none, as the first and the last events of providers. */
function pieceOf(value: string, { format, isText, pick }: PieceOptions): NewAddition | undefined {
  if (format === 'events' && isText && pick.length === 0) return { text: value };
  const source = parseSource(value);
  if (source === undefined) throw malformed('the body has a line or an event that is not JSON');
  const found = pick.length === 0 ? source : picked(source.value, pick);
  if (!isText) return found === undefined ? undefined : { items: [encodeMessage(found)] };
  const text = parsedValue(found);
  if (typeof text === 'string') return { text };
  if (pick.length > 0) return undefined;
  throw malformed('the body has a line that is no text');
}

/** @param way names of members, and indexes of lists */
function picked(value: unknown, way: readonly string[]): unknown {
  let found = value;
  for (const name of way) {
    if (Array.isArray(found)) found = found[Number(name)];
    else if (isFields(found) && Object.hasOwn(found, name)) found = found[name];
    else return undefined;
  }
  return found ?? undefined;
}
