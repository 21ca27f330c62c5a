/**
 * What nodes say over the control channel, and the one decoder of it. Two versions of a node run side by side, so kinds
 * and fields that are not known are passed over, and what a newer format says is not guessed at.
 */

import * as v from 'valibot';
import { maxControlPayloadBytes } from '../ports/control-channel.js';

/** How one node is doing. */
export interface NodeSummary {
  readonly id: string;
  readonly version: string;
  readonly numClients: number;
  readonly numUsers: number;
  readonly numSubscriptions: number;
  readonly numChannels: number;
  readonly uptimeSec: number;
}

/** Changes when older nodes could not read the messages any more. */
const format = 1;

/** Longest message, in UTF-16 units; what is longer is not sent, and not put together. */
const maxMessageLength = 16_777_216;

/** A UTF-16 unit has at most three bytes, and JSON escapes at most double what is JSON already. */
const partLength = Math.floor(maxControlPayloadBytes / 8);

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const id = v.pipe(v.string(), v.maxLength(64));

export const nodeSummary = v.object({
  id,
  version: v.pipe(v.string(), v.maxLength(64)),
  numClients: count,
  numUsers: count,
  numSubscriptions: count,
  numChannels: count,
  uptimeSec: count,
});

const clusterMessage = v.variant('kind', [
  /** A sign of life. `isNew`: the sender knows nobody yet, and wants to. */
  v.object({ kind: v.literal('beat'), node: nodeSummary, isNew: v.optional(v.boolean(), false) }),
  /** The sender goes. */
  v.object({ kind: v.literal('bye') }),
  /** A question; asked again under the same id until it is answered or out of time. */
  v.object({ kind: v.literal('ask'), id, about: v.pipe(v.string(), v.maxLength(64)), body: v.unknown() }),
  /** It has arrived and takes its time. */
  v.object({ kind: v.literal('working'), id }),
  v.object({ kind: v.literal('answer'), id, body: v.unknown() }),
  /** The question cannot be answered here: it is about something unknown, or its answer has failed. */
  v.object({ kind: v.literal('no_answer'), id, isUnknown: v.boolean() }),
  /** Nobody waits for the answer any more. */
  v.object({ kind: v.literal('abort'), id }),
  /** A piece of a message that is longer than a payload may be. */
  v.object({ kind: v.literal('part'), id, index: count, isLast: v.boolean(), text: v.string() }),
]);

export type ClusterMessage = v.InferOutput<typeof clusterMessage>;

export function encodeClusterMessage(message: ClusterMessage): string {
  return JSON.stringify({ format, ...message });
}

/** `undefined` for what is malformed, unknown or of another format. */
export function decodeClusterMessage(payload: string): ClusterMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    // Whatever it is, it is not for this node.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== format) return undefined;
  const parsed = v.safeParse(clusterMessage, value);
  return parsed.success ? parsed.output : undefined;
}

/** One message as payloads: itself, or its pieces. None when it is too long. */
export function payloadsOf(message: ClusterMessage, messageId: () => string): string[] {
  const text = encodeClusterMessage(message);
  if (text.length * 3 <= maxControlPayloadBytes) return [text];
  if (text.length > maxMessageLength) return [];
  const partsId = messageId();
  const payloads: string[] = [];
  for (let start = 0, index = 0; start < text.length; start += partLength, index++) {
    const isLast = start + partLength >= text.length;
    const part = text.slice(start, start + partLength);
    payloads.push(encodeClusterMessage({ kind: 'part', id: partsId, index, isLast, text: part }));
  }
  return payloads;
}

/** Puts messages of one sender together again. A message with a piece missing is dropped. */
export class Parts {
  #id = '';
  #texts: string[] = [];
  #length = 0;

  /** Returns the whole message with its last piece. */
  take(part: Extract<ClusterMessage, { kind: 'part' }>): string | undefined {
    if (part.index === 0) {
      this.#clear();
      this.#id = part.id;
    }
    if (part.id !== this.#id || part.index !== this.#texts.length) return undefined;
    this.#texts.push(part.text);
    this.#length += part.text.length;
    if (this.#length > maxMessageLength) this.#clear();
    if (!part.isLast || this.#texts.length === 0) return undefined;
    const whole = this.#texts.join('');
    this.#clear();
    return whole;
  }

  #clear(): void {
    this.#id = '';
    this.#texts = [];
    this.#length = 0;
  }
}
