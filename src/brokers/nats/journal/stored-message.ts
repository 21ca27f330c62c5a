/**
 * A message in JetStream. Each contains the state of the channel's stream up to it, so the last one of a subject is the
 * stream's place, and an append that expects it as the last one is atomic with all changes.
 */

import type { StreamLimits } from '../../../engine/ports/broker.js';
import type { NewPublication } from '../../../model/publication.js';
import { decodePublication } from '../../bus-message.js';

/** The state of a channel's stream: the last message of its subject, without the publications. */
export interface Place {
  /** The message's sequence number in JetStream. */
  readonly seq: number;
  /** When it was sent, by the server's clock as the sender knew it. */
  readonly timeMs: number;
  /** Offset of the last publication; 0 before the first. */
  readonly offset: number;
  /** Name of the channel's life, from its subject's first message. */
  readonly birth: string;
  /** The life in which the message was stored; see `life.ts`. */
  readonly life: string;
  /** Offset of the first publication that is still in the history; above `offset` if it is empty. */
  readonly oldest: number;
  readonly limits: StreamLimits;
  /** Sequence numbers of earlier messages with publications, newest first. */
  readonly links: readonly number[];
}

export interface StoredMessage {
  readonly place: Place;
  /** Publications with consecutive offsets, up to the place's offset. Empty: the message only stores the place. */
  readonly publications: readonly NewPublication[];
}

/** How many messages can be requested at the same time when history is read backwards. */
const maxLinks = 16;

/** The place of a channel without publications. */
export function emptyPlace(birth: string, life: string, offset = 0): Place {
  return { seq: 0, timeMs: 0, offset, birth, life, oldest: offset + 1, limits: { size: 0, ttlMs: 0 }, links: [] };
}

export function hasExpired({ limits, timeMs }: Place, nowMs: number): boolean {
  return nowMs - timeMs >= limits.ttlMs;
}

/** The place after `count` further publications; its `seq` is still the previous one. */
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

/** @throws Error for a text that {@link encodeStored} has not made */
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
  const numbers = [place.timeMs, place.offset, place.oldest, place.limits.size, place.limits.ttlMs, ...place.links];
  if (!numbers.every(Number.isSafeInteger)) throw new Error('a stored message whose numbers do not count');
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

/** The epoch of a place in the life in which it was stored. */
export function epochOf({ birth, life }: Pick<Place, 'birth' | 'life'>): string {
  return `${birth}.${life}`;
}
