/** What JetStream stores of maps, as texts: the top of a channel's stream, and the state of a key. */

import type { NewPublication, Publication } from '../../../../model/publication.js';
import { publicationAt } from '../../../../model/publication.js';
import { decodePublication } from '../../../bus-message.js';
import { decodeStored, encodeStored, type Place, type StoredMessage } from '../stored-message.js';

/** The top of a channel's stream. Its place has the number of the top's own message. */
export interface MapTop extends StoredMessage {
  /** How many keys there are. */
  readonly numKeys: number;
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

/**
 * @param place its first link, if it has one, is the change that is stored together with the top
 * @param distance number of messages from that change to the top; 0 without a change
 */
export function encodeTop(place: Place, numKeys: number, distance: number): string {
  return `${numKeys}:${distance}:${encodeStored(place, [])}`;
}

/** @throws Error for a text that {@link encodeTop} has not made */
export function decodeTop(text: string, seq: number): MapTop {
  const match = /^(\d+):(\d+):/.exec(text);
  if (match === null) throw new Error('not the top of a map');
  const [head, numKeys, distance] = match;
  const { place } = decodeStored(text.slice(head.length), seq);
  const links = Number(distance) === 0 ? place.links : [seq - Number(distance), ...place.links];
  return { place: { ...place, links }, publications: [], numKeys: Number(numKeys) };
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
