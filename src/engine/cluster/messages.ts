/**
 * The messages of the control channel and their only decoder. Two versions of a node may run side by side, so unknown
 * kinds and fields are ignored, and messages of another format are not interpreted.
 */

import * as v from 'valibot';
import { maxControlPayloadBytes } from '../ports/control-channel.js';

/** The state of one node. */
export interface NodeSummary {
  /** Another one after each start. */
  readonly id: string;
  /** Of Fanfare. */
  readonly version: string;
  /** Number of connections. */
  readonly numClients: number;
  /** Number of users, each counted once; anonymous ones together as one. */
  readonly numUsers: number;
  /** Number of subscriptions of all connections. */
  readonly numSubscriptions: number;
  /** Number of channels with a subscriber on this node. */
  readonly numChannels: number;
  /** Seconds since it has started. */
  readonly uptimeSec: number;
}

/** Incremented when older nodes could no longer read the messages. */
const format = 1;

/** Longest message, in UTF-16 units; longer ones are neither sent nor assembled. */
const maxMessageLength = 16_777_216;

/** A UTF-16 unit has at most three bytes, and escaping JSON text again at most doubles it. */
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
  /** A heartbeat. `isNew`: the sender has not known whoever gets it until now, and wants an answer. */
  v.object({ kind: v.literal('beat'), node: nodeSummary, isNew: v.optional(v.boolean(), false) }),
  /** The sender leaves. */
  v.object({ kind: v.literal('bye') }),
  /** A question; repeated with the same id until it is answered or its time is over. */
  v.object({
    kind: v.literal('ask'),
    id,
    about: v.pipe(v.string(), v.maxLength(64)),
    body: v.unknown(),
    /** Of the span that asks; versions that do not know it leave it out. */
    trace: v.exactOptional(v.pipe(v.string(), v.maxLength(1_024))),
  }),
  /** The question has arrived and is being answered. */
  v.object({ kind: v.literal('working'), id }),
  v.object({ kind: v.literal('answer'), id, body: v.unknown() }),
  /** The node cannot answer: it does not know this kind of question, or answering has failed. */
  v.object({ kind: v.literal('no_answer'), id, isUnknown: v.boolean() }),
  /** The asking node no longer waits for the answer. */
  v.object({ kind: v.literal('abort'), id }),
  /** A part of a message that is longer than one payload may be. */
  v.object({ kind: v.literal('part'), id, index: count, isLast: v.boolean(), text: v.string() }),
]);

export type ClusterMessage = v.InferOutput<typeof clusterMessage>;

export function encodeClusterMessage(message: ClusterMessage): string {
  return JSON.stringify({ format, ...message });
}

/** `undefined` for a message that is malformed, of an unknown kind or of another format. */
export function decodeClusterMessage(payload: string): ClusterMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    // Not a message of a node.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== format) return undefined;
  const parsed = v.safeParse(clusterMessage, value);
  return parsed.success ? parsed.output : undefined;
}

/** The payloads of one message: itself or its parts, none if it is too long. */
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

/** Assembles the messages of one sender. A message with a missing part is dropped. */
export class Parts {
  #id = '';
  #texts: string[] = [];
  #length = 0;

  /** Returns the whole message with its last part. */
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
