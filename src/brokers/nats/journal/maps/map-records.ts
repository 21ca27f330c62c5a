/** What JetStream stores of maps, as texts: the top of a channel's stream, and the state of a key. */

import * as v from 'valibot';
import type { Position } from '../../../../model/position.js';
import { type NewPublication, type Publication, publicationAt } from '../../../../model/publication.js';
import { decodePublication, encodePublication } from '../../../bus-message.js';
import { decodeStored, encodeStored, type Place, type StoredMessage } from '../stored-message.js';

/** The top of a channel's stream. Its place has the number of the top's own message. */
export interface MapTop extends StoredMessage {
  /** How many keys there are. */
  readonly numKeys: number;
  /** Changes that were made and may not all be stored in their own places yet. Its publications are theirs. */
  readonly open?: MadeChanges | undefined;
}

/** What changes of one message have made of a map. */
export interface MadeChanges {
  /** Of the changes: it does not link to their message. */
  readonly place: Place;
  readonly numKeys: number;
  /** Encoded, in their order. */
  readonly publications: readonly string[];
  /** Of the keys that have changed, in the order of their last changes. */
  readonly states: ReadonlyMap<string, KeyState>;
  /** By key: seconds in which its end has to be looked at. */
  readonly ends: ReadonlyMap<string, number>;
  /** By the id of an idempotency key. */
  readonly known: ReadonlyMap<string, KnownChange>;
}

/** A result that is remembered for an idempotency key. */
export interface KnownChange {
  readonly position: Position;
  /** By the server's clock. */
  readonly atMs: number;
}

/** The last change of a key. */
export interface KeyState {
  readonly offset: number;
  /** Of the channel's life; what another one has left behind does not count. */
  readonly birth: string;
  /** By the server's clock; 0 if it stays. */
  readonly endsAtMs: number;
  /** A second in which its end will be looked at: not after the end. 0: none. */
  readonly lookedAtSec: number;
  /** As `encodePublication` writes it; `undefined` if the key was removed. */
  readonly text: string | undefined;
}

const whole = v.pipe(v.number(), v.safeInteger());

export const knownChange = v.object({ position: v.object({ offset: whole, epoch: v.string() }), atMs: whole });

const openHead = v.object({
  numKeys: whole,
  states: v.array(v.tuple([whole, whole, whole])),
  ends: v.array(v.tuple([v.string(), whole])),
  known: v.array(v.tuple([v.string(), knownChange])),
});

/**
 * @param place its first link, if it has one, is the change that is stored together with the top
 * @param distance number of messages from that change to the top; 0 without a change
 */
export function encodeTop(place: Place, numKeys: number, distance: number): string {
  return `${numKeys}:${distance}:${encodeStored(place, [])}`;
}

/** A top with changes that are not stored in their own places yet. */
export function encodeOpenTop({ place, numKeys, publications, states, ends, known }: MadeChanges): string {
  const first = place.offset - publications.length + 1;
  const times = [...states.values()].map(({ offset, endsAtMs, lookedAtSec }) => [
    offset - first,
    endsAtMs,
    lookedAtSec,
  ]);
  const head = JSON.stringify({ numKeys, states: times, ends: [...ends], known: [...known] });
  return `o${head.length}:${head}${encodeStored(place, publications)}`;
}

/** @throws Error for a text that {@link encodeTop} and {@link encodeOpenTop} have not made */
export function decodeTop(text: string, seq: number): MapTop {
  if (text.startsWith('o')) return decodeOpenTop(text, seq);
  const match = /^(\d+):(\d+):/.exec(text);
  if (match === null) throw new Error('not the top of a map');
  const [head, numKeys, distance] = match;
  const { place } = decodeStored(text.slice(head.length), seq);
  const links = Number(distance) === 0 ? place.links : [seq - Number(distance), ...place.links];
  return { place: { ...place, links }, publications: [], numKeys: Number(numKeys) };
}

function decodeOpenTop(text: string, seq: number): MapTop {
  const begin = text.indexOf(':') + 1;
  const end = begin + Number(text.slice(1, begin - 1));
  const { numKeys, states: times, ends, known } = v.parse(openHead, JSON.parse(text.slice(begin, end)));
  const { place, publications } = decodeStored(text.slice(end), seq);
  const first = place.offset - publications.length + 1;
  const states = new Map<string, KeyState>();
  for (const [index, endsAtMs, lookedAtSec] of times) {
    const publication = publications[index];
    if (publication?.key === undefined) throw new Error('a state without its change');
    const stateText = publication.removed === true ? undefined : encodePublication(publication);
    const state = { offset: first + index, birth: place.birth, endsAtMs, lookedAtSec, text: stateText };
    states.set(publication.key, state);
  }
  const encoded = publications.map(encodePublication);
  const open = { place, numKeys, publications: encoded, states, ends: new Map(ends), known: new Map(known) };
  return { place, publications, numKeys, open };
}

export function encodeState({ offset, birth, endsAtMs, lookedAtSec, text }: KeyState): string {
  return text === undefined ? `r${offset}:${birth}:` : `s${offset}:${birth}:${endsAtMs}:${lookedAtSec}:${text}`;
}

/** @throws Error for a text that {@link encodeState} has not made */
export function decodeState(text: string): KeyState {
  const removed = /^r(\d+):([\w.-]+):$/.exec(text);
  if (removed !== null) {
    const [, offset, birth = ''] = removed;
    return { offset: Number(offset), birth, endsAtMs: 0, lookedAtSec: 0, text: undefined };
  }
  const match = /^s(\d+):([\w.-]+):(\d+):(\d+):/.exec(text);
  if (match === null) throw new Error('not the state of a key');
  const [head, offset, birth = '', endsAtMs, lookedAtSec] = match;
  const times = { endsAtMs: Number(endsAtMs), lookedAtSec: Number(lookedAtSec) };
  return { offset: Number(offset), birth, ...times, text: text.slice(head.length) };
}

/** The entry of a key; `undefined` if it was removed. @throws Error for a text that is none */
export function entryOf({ offset, text }: KeyState): Publication | undefined {
  return text === undefined ? undefined : publicationAt(decodePublication(text), offset);
}

const changesMark = 'm';

/** A message with changes, as nodes get it. */
export function encodeChanges(place: Place, publications: readonly string[]): string {
  return changesMark + encodeStored(place, publications);
}

export function isOfMap(text: string): boolean {
  return text.startsWith(changesMark);
}

/** @throws Error for a text that {@link encodeChanges} has not made */
export function decodeChanges(text: string, seq: number): StoredMessage & { publications: readonly NewPublication[] } {
  return decodeStored(text.slice(changesMark.length), seq);
}
