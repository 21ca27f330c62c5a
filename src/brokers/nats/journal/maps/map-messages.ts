/** The messages of maps: reads and stores tops, states of keys, changes and idempotency keys. */

import * as v from 'valibot';
import { idempotencyWindowMs } from '../../../../engine/ports/broker.js';
import type { Clock } from '../../../../engine/ports/clock.js';
import { pause } from '../../../../engine/time/pause.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import { decodePublication } from '../../../bus-message.js';
import type { KeyedMessage, KeyedStream } from '../keyed-stream.js';
import type { PlacedMessages } from '../reader.js';
import type { ServerTime } from '../server-time.js';
import type { Place, StoredMessage } from '../stored-message.js';
import {
  decodeChanges,
  decodeState,
  decodeTop,
  encodeChanges,
  encodeOpenTop,
  encodeState,
  encodeTop,
  type KeyState,
  type KnownChange,
  knownChange,
  type MadeChanges,
  type MapTop,
} from './map-records.js';
import type { MapRound, MapView } from './map-round.js';
import type { MapSubjects } from './map-subjects.js';

interface MapMessagesPorts {
  readonly stream: KeyedStream;
  readonly names: MapSubjects;
  readonly clock: Clock;
  readonly time: ServerTime;
  /** How long changes are kept, and the place of a map without keys. */
  readonly maxAgeMs: number;
}

/** States of keys that follow each other, up to the top or to a limit. */
export interface StatesRead {
  readonly states: readonly { readonly seq: number; readonly state: KeyState }[];
  /** Only if nothing is between the last state and it. */
  readonly top: MapTop | undefined;
}

/** How long the message of a removal says that there is no such key, for those who have read it with others. */
const removalTtlMs = 5_000;
const maxReadBytes = 1_048_576;
/** Attempts to find a server that has what was acknowledged, and the pause between them. */
const maxStaleReads = 50;
const stalePauseMs = 20;
/** For headers that messages in their own places have beside what the top with open changes has. */
const headerRoomBytes = 4_096;
/** So many changes may share a message, whose place in the ring is that of the first. */
const ringMargin = 256;

export class MapMessages implements PlacedMessages<MapTop> {
  constructor(private readonly ports: MapMessagesPorts) {}

  async last(channel: ChannelName): Promise<MapTop | undefined> {
    const { stream, names } = this.ports;
    const message = await stream.read({ last_by_subj: names.top(channel) });
    return message && decodeTop(message.text, message.seq);
  }

  async at(seq: number): Promise<StoredMessage | undefined> {
    const message = await this.ports.stream.read({ seq });
    return message && decodeChanges(message.text, seq);
  }

  async putPlace(channel: ChannelName, place: Place, last: MapTop | undefined): Promise<MapTop | undefined> {
    if (last?.open !== undefined) {
      await this.settle(channel, last.place.seq, last.open);
      return undefined;
    }
    const message = this.#topMessage(channel, place, last?.numKeys ?? 0, 0);
    const expected = { subject: message.subject, seq: last?.place.seq ?? 0 };
    const seq = await this.ports.stream.store(message, expected);
    return seq === undefined ? undefined : decodeTop(message.text, seq);
  }

  /**
   * What is known of keys and idempotency keys, at one moment. @param atLeast the top's number is not lower
   *
   * @throws FanfareError `ERR_BROKER`
   */
  view(channel: ChannelName, keys: Iterable<string>, ids: Iterable<string>, atLeast: number): Promise<MapView> {
    const { stream, names } = this.ports;
    const topSubject = names.top(channel);
    const keyOf = new Map([...keys].map((key) => [names.state(channel, key), key]));
    const idOf = new Map([...ids].map((id) => [names.idempotencyKey(channel, id), id]));
    return this.#fresh(async () => {
      let top: MapTop | undefined;
      const states = new Map<string, KeyState>();
      const known = new Map<string, KnownChange>();
      const query = { multi_last: [topSubject, ...keyOf.keys(), ...idOf.keys()] };
      for (const { subject, seq, text } of await stream.readMany(query)) {
        const key = keyOf.get(subject);
        const id = idOf.get(subject);
        if (subject === topSubject) top = decodeTop(text, seq);
        else if (key !== undefined) states.set(key, decodeState(text));
        else if (id !== undefined) known.set(id, v.parse(knownChange, JSON.parse(text)));
      }
      for (const key of keyOf.values()) {
        const state = top?.open?.states.get(key);
        if (state !== undefined) states.set(key, state);
      }
      for (const id of idOf.values()) {
        const change = top?.open?.known.get(id);
        if (change !== undefined) known.set(id, change);
      }
      return (top?.place.seq ?? 0) < atLeast ? undefined : { top, states, known };
    });
  }

  /**
   * States from a number on, in the order of their numbers: that of their last changes.
   *
   * @param atLeast number that the top has at least
   * @throws FanfareError `ERR_BROKER`
   */
  states(channel: ChannelName, fromSeq: number, limit: number, atLeast: number): Promise<StatesRead> {
    const { stream, names } = this.ports;
    const topSubject = names.top(channel);
    // The top is one of them.
    const query = { seq: fromSeq, next_by_subj: names.states(channel), batch: limit + 1, max_bytes: maxReadBytes };
    return this.#fresh(async () => {
      const messages = await stream.readMany(query);
      const topMessage = messages.find(({ subject }) => subject === topSubject);
      const top = topMessage && decodeTop(topMessage.text, topMessage.seq);
      if (messages.length === 0 || (top?.place.seq ?? atLeast) < atLeast) return undefined;
      const states = messages
        .filter(({ subject }) => subject !== topSubject)
        .map(({ seq, text }) => ({ seq, state: decodeState(text) }));
      return top?.open === undefined ? { states, top } : { states: withOpen(states, top.place.seq - 1, top.open), top };
    });
  }

  /** The offset of the first state, or of the top, from a number on. @throws FanfareError `ERR_BROKER` */
  async next(
    channel: ChannelName,
    fromSeq: number,
  ): Promise<{ readonly seq: number; readonly offset: number; readonly birth: string } | undefined> {
    const { stream, names } = this.ports;
    const message = await stream.read({ seq: fromSeq, next_by_subj: names.states(channel) });
    if (message === undefined) return undefined;
    const { subject, seq, text } = message;
    const { offset, birth } = subject === names.top(channel) ? decodeTop(text, seq).place : decodeState(text);
    return { seq, offset, birth };
  }

  /**
   * Stores all that a round has changed, or nothing.
   *
   * @returns false if the map has changed since it was read
   * @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`
   */
  async commit(channel: ChannelName, round: MapRound): Promise<boolean> {
    const { stream, names } = this.ports;
    const made = round.made();
    if (stream.isAtomicFast) return this.#commitAtOnce(channel, round.seq, made);
    const top = { subject: names.top(channel), text: encodeOpenTop(made), roomBytes: headerRoomBytes };
    const seq = await stream.store(top, { subject: top.subject, seq: round.seq });
    if (seq === undefined) return false;
    await this.settle(channel, seq, made);
    return true;
  }

  /**
   * Stores changes in their own places, then the top without them. Several nodes may do it, and stop halfway.
   *
   * @param seq number of the top that has them; with another top nothing is stored
   * @throws FanfareError `ERR_BROKER`
   */
  async settle(channel: ChannelName, seq: number, made: MadeChanges): Promise<void> {
    const { stream, names } = this.ports;
    const expected = { subject: names.top(channel), seq };
    if (stream.isAtomicFast) {
      await this.#commitAtOnce(channel, seq, made);
      return;
    }
    const once = this.#messagesOf(channel, made).map((message, n) => ({ ...message, id: `${seq}.${n}` }));
    const [change] = (await stream.storeEach([...once, ...this.#ends(channel, made.ends)], expected)) ?? [];
    if (change === undefined) return;
    const place = { ...made.place, links: [change, ...made.place.links] };
    await stream.store(this.#topMessage(channel, place, made.numKeys, 0), expected);
  }

  async #commitAtOnce(channel: ChannelName, seq: number, made: MadeChanges): Promise<boolean> {
    const messages = [...this.#messagesOf(channel, made), ...this.#ends(channel, made.ends)];
    const top = this.#topMessage(channel, made.place, made.numKeys, messages.length);
    return (await this.ports.stream.storeAll([...messages, top], seq)) !== undefined;
  }

  /** The change first. */
  #messagesOf(channel: ChannelName, { place, publications, states, known }: MadeChanges): KeyedMessage[] {
    const { names, maxAgeMs } = this.ports;
    const first = place.offset - publications.length + 1;
    const slot = first % 2 ** Math.ceil(Math.log2(place.limits.size + ringMargin));
    const messages: KeyedMessage[] = [
      {
        subject: names.change(channel, slot),
        text: encodeChanges(place, publications),
        ttlMs: Math.max(maxAgeMs, place.limits.ttlMs),
      },
    ];
    for (const [key, state] of states) {
      const ttlMs = state.text === undefined ? removalTtlMs : undefined;
      messages.push({ subject: names.state(channel, key), text: encodeState(state), ttlMs });
    }
    for (const [id, change] of known) {
      const subject = names.idempotencyKey(channel, id);
      messages.push({ subject, text: JSON.stringify(change), ttlMs: idempotencyWindowMs });
    }
    return messages;
  }

  /** Stores when the ends of keys have to be looked at, of a round that has changed nothing. @throws FanfareError `ERR_BROKER` */
  async putEnds(channel: ChannelName, ends: MapRound['ends']): Promise<void> {
    await this.ports.stream.storeEach(this.#ends(channel, ends));
  }

  /** Whether the top is still this one. @throws FanfareError `ERR_BROKER` */
  async confirm(channel: ChannelName, seq: number): Promise<boolean> {
    const { stream, names } = this.ports;
    const message = { subject: names.confirmation(channel), text: '', ttlMs: removalTtlMs };
    return (await stream.store(message, { subject: names.top(channel), seq })) !== undefined;
  }

  /** How many keys there are, counted. @throws FanfareError `ERR_BROKER` */
  async count(channel: ChannelName): Promise<number> {
    const { stream, names } = this.ports;
    return (await stream.subjects(names.states(channel))).subjects.length - 1;
  }

  #topMessage(channel: ChannelName, place: Place, numKeys: number, distance: number): KeyedMessage {
    const { names, maxAgeMs } = this.ports;
    const text = encodeTop(place, numKeys, distance);
    return { subject: names.top(channel), text, ttlMs: numKeys === 0 ? maxAgeMs : undefined };
  }

  #ends(channel: ChannelName, ends: MapRound['ends']): KeyedMessage[] {
    const { names, time } = this.ports;
    // Changes may have to wait for their places, and nobody looks at seconds that are long past.
    const nowSec = Math.floor(time.nowMs() / 1_000);
    return [...ends].map(([key, second]) => ({ subject: names.end(Math.max(second, nowSec), channel, key), text: '' }));
  }

  /** @param attempt returns `undefined` if the server that answered is behind */
  async #fresh<T>(attempt: () => Promise<T | undefined>): Promise<T> {
    for (let n = 1; n <= maxStaleReads; n++) {
      const read = await attempt();
      if (read !== undefined) return read;
      await pause(this.ports.clock, stalePauseMs);
    }
    throw new FanfareError('ERR_BROKER', 'the servers that answer do not have what was acknowledged');
  }
}

/**
 * States as they are when open changes are in their places, of which some may be there already.
 *
 * @param seq for those of the changes: from the number after it on, the top is read again
 */
function withOpen(states: StatesRead['states'], seq: number, open: MadeChanges): StatesRead['states'] {
  const first = open.place.offset - open.publications.length + 1;
  const others = states.filter(({ state }) => {
    const { birth, offset, text } = state;
    if (birth !== open.place.birth || text === undefined) return true;
    return offset < first && !open.states.has(decodePublication(text).key ?? '');
  });
  return [...others, ...[...open.states.values()].map((state) => ({ seq, state }))];
}
