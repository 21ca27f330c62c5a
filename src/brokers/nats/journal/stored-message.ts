/**
 * What JetStream keeps of a channel. Each message says everything about the channel's stream up to it, so the last one
 * of a subject is the stream's place, and an append that expects it to be the last is atomic with whatever it changes.
 */

import type { StreamLimits } from '../../../engine/ports/broker.js';
import type { NewPublication } from '../../../model/publication.js';
import { decodePublication } from '../../bus-message.js';

/** Where a channel's stream is: the last message of its subject, without the publications. */
export interface Place {
  /** Of the message, in JetStream. */
  readonly seq: number;
  /** When it was sent to be stored, by the clock of the server as the sender knew it. */
  readonly timeMs: number;
  /** Of the last publication; 0 before the first. */
  readonly offset: number;
  /** Names the channel's life, from the first message that its subject had. */
  readonly birth: string;
  /** See `life.ts`; that of when it was stored. */
  readonly life: string;
  /** Offset of the first publication that belongs to the history still; above `offset` when it is empty. */
  readonly oldest: number;
  readonly limits: StreamLimits;
  /** Sequence numbers of the messages with the publications before, newest first; empty where nothing is before. */
  readonly links: readonly number[];
}

export interface StoredMessage {
  readonly place: Place;
  /** Those of consecutive offsets, up to the place's. Empty: the message only holds the place. */
  readonly publications: readonly NewPublication[];
}

/** How many messages can be asked for at the same time when history is read backwards. */
const maxLinks = 16;

/** The place of a channel that has none yet, or has nothing but it. */
export function emptyPlace(birth: string, life: string, offset = 0): Place {
  return { seq: 0, timeMs: 0, offset, birth, life, oldest: offset + 1, limits: { size: 0, ttlMs: 0 }, links: [] };
}

/** Whether the history has outlived its time. */
export function hasExpired({ limits, timeMs }: Place, nowMs: number): boolean {
  return nowMs - timeMs >= limits.ttlMs;
}

/** The place after so many further publications; its `seq` is still that of the place before. */
export function advanced(place: Place, count: number, limits: StreamLimits, life: string, nowMs: number): Place {
  const isEmpty = place.oldest > place.offset || hasExpired(place, nowMs);
  const offset = place.offset + count;
  const oldest = isEmpty ? place.offset + 1 : place.oldest;
  return {
    ...place,
    offset,
    life,
    timeMs: Math.floor(nowMs),
    oldest: Math.max(oldest, offset - limits.size + 1),
    limits: { size: limits.size, ttlMs: Math.ceil(limits.ttlMs) },
    links: isEmpty ? [] : [place.seq, ...place.links].slice(0, maxLinks),
  };
}

/** @param publications encoded, the last ones up to the place */
export function encodeStored(place: Place, publications: readonly string[]): string {
  const { offset, birth, life, timeMs, oldest, limits, links } = place;
  const head = [
    `h${offset}`,
    birth,
    life,
    timeMs,
    oldest,
    limits.size,
    limits.ttlMs,
    links.map((seq) => seq.toString(36)).join(','),
  ];
  return `${head.join(':')}:${publications.map((text) => `${text.length}:${text}`).join('')}`;
}

/** @throws Error when it is nothing that {@link encodeStored} has made */
export function decodeStored(text: string, seq: number): StoredMessage {
  const match = /^h(\d+):([\w.-]+):([\w.-]+):(\d+):(\d+):(\d+):(\d+):([\da-z,]*):/.exec(text);
  if (match === null) throw new Error('not a stored message');
  const [head, offset, birth = '', life = '', timeMs, oldest, size, ttlMs, links = ''] = match;
  const place = {
    seq,
    timeMs: Number(timeMs),
    offset: Number(offset),
    birth,
    life,
    oldest: Number(oldest),
    limits: { size: Number(size), ttlMs: Number(ttlMs) },
    links: links === '' ? [] : links.split(',').map((link) => Number.parseInt(link, 36)),
  };
  const publications: NewPublication[] = [];
  for (let at = head.length; at < text.length; ) {
    const colon = text.indexOf(':', at);
    const length = Number(text.slice(at, colon));
    const end = colon + 1 + length;
    if (colon === -1 || !(length > 0) || end > text.length) throw new Error('a stored message that is cut');
    publications.push(decodePublication(text.slice(colon + 1, end)));
    at = end;
  }
  if (publications.length > place.offset) throw new Error('a stored message without a beginning');
  return { place, publications };
}

/** The epoch of a place that has just been stored, or was under the life that it was stored in. */
export function epochOf({ birth, life }: Pick<Place, 'birth' | 'life'>): string {
  return `${birth}.${life}`;
}
