/**
 * Frames compressed with a dictionary that both sides have: also short messages become shorter, since what they have in
 * common is in it. Like other frames they are made once for all connections with the dictionary.
 */

import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Encoding, Framing } from '../../engine/ports/connection.js';
import type { DictionaryOffer } from '../../model/dictionary.js';
import { type DeflateCounts, maxDeflatedBytes } from './deflate-framing.js';
import { frameMessage, websocketFraming } from './framing.js';

/** The first byte of each frame after the reply to connect (PROTOCOL.md, "Dictionaries"). */
const frameMarks = { plain: 0, deflated: 1 } as const;

/** Below, not even a dictionary saves anything: such as the ping. */
const minBytes = 16;

export class Dictionary {
  readonly id: string;
  readonly content: Buffer;
  readonly #deflated: Buffer;

  constructor(content: Buffer) {
    this.content = content;
    this.id = createHash('sha256').update(content).digest().subarray(0, 12).toString('base64url');
    this.#deflated = deflateRawSync(content, { level: 9 });
  }

  /**
   * @param held the id that the client has sent. It is confirmed only if it is that of this dictionary: whoever can change
   *   what a client has stored could else choose what frames decompress to.
   */
  offer(held: string): DictionaryOffer {
    return held === this.id ? { id: this.id } : { id: this.id, deflated: this.#deflated };
  }
}

/** Each frame is binary, whatever the message: a mark, and the message as it is or compressed. */
export function dictionaryFraming({ id, content }: Dictionary, counts: DeflateCounts): Framing {
  const options = { level: 6, dictionary: content };
  return {
    ...websocketFraming,
    name: `websocket-dictionary-${id}`,
    shrinks: true,
    frame(message) {
      const bytes = typeof message === 'string' ? Buffer.from(message) : message;
      if (bytes.length < minBytes || bytes.length > maxDeflatedBytes) return marked(frameMarks.plain, bytes);
      const deflated = deflateRawSync(bytes, options);
      counts.deflatedFrames++;
      counts.deflateInBytes += bytes.length;
      counts.deflateOutBytes += Math.min(bytes.length, deflated.length);
      return deflated.length < bytes.length ? marked(frameMarks.deflated, deflated) : marked(frameMarks.plain, bytes);
    },
  };
}

function marked(mark: number, bytes: Uint8Array): Buffer {
  return frameMessage(Buffer.concat([Buffer.of(mark), bytes]));
}

/** A dictionary, and the encoding of the connections that have it. */
export interface DictionaryForm {
  readonly dictionary: Dictionary;
  readonly encoding: Encoding;
}
