/** What a second producer says, as the continuation of what the first one has said: the same message, step and text. */

import type { UIMessageChunk } from 'ai';
import type { GrowingPart } from './chunk-part.js';
import { ChunkReader } from './chunk-reader.js';

export class Continuation {
  /** The first producer was done. */
  readonly isOver: boolean;
  /** To which part characters belong that are appended as they are. */
  readonly part: GrowingPart | undefined;
  readonly #hasBegun: boolean;
  #isInStep = false;
  /** What the first producer has begun and not ended. */
  #open: readonly GrowingPart[];
  /** New ids of texts that go on, and their ids in the message. */
  readonly #ids = new Map<string, string>();

  /** @param soFar of the stream; throws a StreamError `ERR_STREAM_INVALID` when it is no answer */
  constructor(soFar: string) {
    const reader = new ChunkReader('');
    const chunks = reader.read(soFar);
    for (const { type } of chunks) {
      if (type === 'start-step') this.#isInStep = true;
      if (type === 'finish-step') this.#isInStep = false;
    }
    this.isOver = reader.isOver;
    this.part = reader.part;
    this.#hasBegun = chunks.length > 0;
    this.#open = reader.open;
  }

  /** What to write for a chunk of the second producer. */
  next(chunk: UIMessageChunk): UIMessageChunk[] {
    switch (chunk.type) {
      case 'start':
        if (!this.#hasBegun) return [chunk];
        return chunk.messageMetadata === undefined
          ? []
          : [{ type: 'message-metadata', messageMetadata: chunk.messageMetadata }];
      case 'start-step': {
        const isSame = this.#isInStep;
        this.#isInStep = false;
        return isSame ? [] : [...this.#ends(), chunk];
      }
      case 'text-start':
      case 'reasoning-start': {
        const type = chunk.type === 'text-start' ? 'text-delta' : 'reasoning-delta';
        const same = this.#open.find((part) => part.type === type);
        if (same === undefined) return [...this.#ends(), chunk];
        this.#ids.set(`${type} ${chunk.id}`, same.id);
        this.#open = this.#open.filter((part) => part !== same);
        return this.#ends();
      }
      case 'text-delta':
      case 'text-end':
        return [...this.#ends(), this.#renamed(chunk, 'text-delta')];
      case 'reasoning-delta':
      case 'reasoning-end':
        return [...this.#ends(), this.#renamed(chunk, 'reasoning-delta')];
      default:
        return [...this.#ends(), chunk];
    }
  }

  #renamed<Chunk extends UIMessageChunk & { readonly id: string }>(chunk: Chunk, type: GrowingPart['type']): Chunk {
    const key = `${type} ${chunk.id}`;
    const id = this.#ids.get(key);
    if (id === undefined) return chunk;
    if (chunk.type === 'text-end' || chunk.type === 'reasoning-end') this.#ids.delete(key);
    return { ...chunk, id };
  }

  /** What is not gone on with ends here. */
  #ends(): UIMessageChunk[] {
    const open = this.#open;
    this.#open = [];
    return open.map(({ type, id }) => ({ type: type === 'reasoning-delta' ? 'reasoning-end' : 'text-end', id }));
  }
}
