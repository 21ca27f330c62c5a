/** The text of a stream as chunks of an AI SDK message, however it comes in pieces; also text that knows nothing of chunks. */

import type { UIMessageChunk } from 'ai';
import { StreamError } from '../client/streams/stream-error.js';
import { deltaChunk, type GrowingPart, isSamePart, partOf, recordEnd, recordStart } from './chunk-part.js';

/** Of the text of a stream without records. */
const plainId = '0';

export class ChunkReader {
  readonly #messageId: string;
  /** To which the next characters belong. */
  #part: GrowingPart | undefined;
  /** Texts that have begun and not ended. */
  #open: GrowingPart[] = [];
  /** What has come of a record that is not whole. */
  #record: string | undefined;
  #isPlain = false;
  #isOver = false;

  /** @param messageId of a message whose producer has given it none */
  constructor(messageId: string) {
    this.#messageId = messageId;
  }

  /** To which the next characters belong, after what was read. */
  get part(): GrowingPart | undefined {
    return this.#part;
  }

  /** Texts and reasoning that have begun and not ended, in this order. */
  get open(): readonly GrowingPart[] {
    return this.#open;
  }

  /** Its producer has said its last. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws StreamError `ERR_STREAM_INVALID` for a record that is no chunk */
  read(text: string): UIMessageChunk[] {
    const chunks: UIMessageChunk[] = [];
    for (let rest = text; rest !== ''; ) {
      if (this.#record === undefined) {
        const end = rest.indexOf(recordStart);
        const plain = end === -1 ? rest : rest.slice(0, end);
        if (plain !== '') chunks.push(...this.#growth(plain));
        if (end === -1) break;
        this.#record = '';
        rest = rest.slice(end + 1);
      } else {
        const end = rest.indexOf(recordEnd);
        this.#record += end === -1 ? rest : rest.slice(0, end);
        if (end === -1) break;
        chunks.push(this.#take(this.#record));
        this.#record = undefined;
        rest = rest.slice(end + 1);
      }
    }
    return chunks;
  }

  /** The stream has ended: what its message lacks to be whole. Throws as {@link read}, for half a record. */
  end(): UIMessageChunk[] {
    if (this.#record !== undefined) throw unreadable('half a chunk');
    const ends = this.#open.map(({ type, id }): UIMessageChunk => {
      return type === 'reasoning-delta' ? { type: 'reasoning-end', id } : { type: 'text-end', id };
    });
    this.#open = [];
    if (this.#isPlain && !this.#isOver) ends.push({ type: 'finish' });
    return ends;
  }

  #growth(text: string): UIMessageChunk[] {
    if (this.#part !== undefined) return [deltaChunk(this.#part, text)];
    this.#isPlain = true;
    const start: UIMessageChunk = { type: 'text-start', id: plainId };
    this.#note(start);
    return [{ type: 'start', messageId: this.#messageId }, start, { type: 'text-delta', id: plainId, delta: text }];
  }

  #take(record: string): UIMessageChunk {
    const chunk = chunkOf(record);
    this.#note(chunk);
    return chunk.type === 'start' && chunk.messageId === undefined ? { ...chunk, messageId: this.#messageId } : chunk;
  }

  #note(chunk: UIMessageChunk): void {
    const part = partOf(chunk);
    this.#part = part ?? this.#part;
    if (part !== undefined && (chunk.type === 'text-start' || chunk.type === 'reasoning-start')) this.#open.push(part);
    if (chunk.type === 'text-end') this.#forget({ type: 'text-delta', id: chunk.id });
    if (chunk.type === 'reasoning-end') this.#forget({ type: 'reasoning-delta', id: chunk.id });
    if (chunk.type === 'finish' || chunk.type === 'abort' || chunk.type === 'error') this.#isOver = true;
  }

  #forget(part: GrowingPart): void {
    this.#open = this.#open.filter((open) => !isSamePart(open, part));
  }
}

function chunkOf(record: string): UIMessageChunk {
  let value: unknown;
  try {
    value = JSON.parse(record);
  } catch (cause) {
    throw unreadable(record, cause);
  }
  const isChunk = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
  if (!isChunk) throw unreadable(record);
  // safe: the SDK looks at each field that it uses, and passes over types that it does not know
  return value as UIMessageChunk;
}

function unreadable(record: string, cause?: unknown): StreamError {
  const message = `not a chunk of a message: ${record.slice(0, 80)}`;
  return new StreamError('ERR_STREAM_INVALID', message, undefined, cause);
}
