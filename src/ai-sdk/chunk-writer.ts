/** Chunks of an AI SDK message as the text of a stream: what a part grows by as it is, all other chunks as records. */

import type { UIMessageChunk } from 'ai';
import { deltaOf, type GrowingPart, isSamePart, partOf, recordEnd, recordStart } from './chunk-part.js';

export class ChunkWriter {
  #part: GrowingPart | undefined;

  /** @param part to which the characters belong that are there already */
  constructor(part?: GrowingPart) {
    this.#part = part;
  }

  /** What to append to the stream for it; may be empty. */
  write(chunk: UIMessageChunk): string {
    const part = partOf(chunk);
    const delta = deltaOf(chunk);
    if (delta !== undefined && isSamePart(part, this.#part) && !delta.includes(recordStart)) return delta;
    this.#part = part ?? this.#part;
    return `${recordStart}${JSON.stringify(chunk)}${recordEnd}`;
  }
}
