/** The parts of an AI SDK message that grow by deltas, and which chunks belong to them. */

import type { UIMessageChunk } from 'ai';

/** RFC 7464: begins a record, which a line feed ends. In between is a chunk as JSON, which has neither. */
export const recordStart = '\u001e';
export const recordEnd = '\n';

/** A part that is growing: what its deltas are called, and its id in the message. */
export interface GrowingPart {
  readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta';
  readonly id: string;
}

/** To which part the characters belong that follow this chunk. `undefined`: to the same as before. */
export function partOf(chunk: UIMessageChunk): GrowingPart | undefined {
  switch (chunk.type) {
    case 'text-start':
    case 'text-delta':
      return { type: 'text-delta', id: chunk.id };
    case 'reasoning-start':
    case 'reasoning-delta':
      return { type: 'reasoning-delta', id: chunk.id };
    case 'tool-input-start':
    case 'tool-input-delta':
      return { type: 'tool-input-delta', id: chunk.toolCallId };
    default:
      return undefined;
  }
}

/** What a chunk adds to its part, if it says nothing besides. */
export function deltaOf(chunk: UIMessageChunk): string | undefined {
  switch (chunk.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return Object.keys(chunk).length === 3 ? chunk.delta : undefined;
    case 'tool-input-delta':
      return Object.keys(chunk).length === 3 ? chunk.inputTextDelta : undefined;
    default:
      return undefined;
  }
}

/** The chunk that adds a text to a part. */
export function deltaChunk({ type, id }: GrowingPart, text: string): UIMessageChunk {
  return type === 'tool-input-delta' ? { type, toolCallId: id, inputTextDelta: text } : { type, id, delta: text };
}

export function isSamePart(one: GrowingPart | undefined, other: GrowingPart | undefined): boolean {
  return one !== undefined && other !== undefined && one.type === other.type && one.id === other.id;
}
