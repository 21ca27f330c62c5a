/** Pages of maps: states in the order of their offsets, which is that of their numbers in JetStream. */

import { type MapPage, type MapQuery, maxPageLength } from '../../../../engine/ports/map-store.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import { payloadLength } from '../../../../model/payload.js';
import type { Publication } from '../../../../model/publication.js';
import { StatePage } from '../../../../model/state-page.js';
import type { Life } from '../life.js';
import type { Reader } from '../reader.js';
import { epochOf } from '../stored-message.js';
import type { MapMessages } from './map-messages.js';
import { entryOf, type KeyState, type MapTop } from './map-records.js';

interface PageReaderPorts {
  readonly messages: MapMessages;
  readonly reader: Reader<MapTop>;
  readonly life: Life;
  /** Whether a server may answer that is behind. */
  readonly isReplicated: () => boolean;
}

/** States of one moment, with the top that the map had then or before. */
interface Reading {
  readonly top: MapTop;
  readonly states: readonly NumberedState[];
  /** Whether there is nothing behind them. */
  readonly isLast: boolean;
}

interface NumberedState {
  readonly seq: number;
  readonly state: KeyState;
}

/** Places of pages, of all maps. Without its place a page costs some more questions. */
const maxPlaces = 10_000;
/** Of the keys that are read again, with their channel, in characters: with three bytes for each they make one message. */
const maxListedLength = 250_000;
/** Attempts to read a page that is not newer than the top that was read before. */
const maxAttempts = 20;

export class PageReader {
  /** By channel, life and offset: the number of the message after that offset, or of an earlier one. */
  readonly #places = new Map<string, number>();

  constructor(private readonly ports: PageReaderPorts) {}

  /** @throws FanfareError `ERR_BROKER` */
  async page(channel: ChannelName, query: MapQuery): Promise<MapPage> {
    let from = 0;
    for (let attempt = 1; attempt <= maxAttempts; ) {
      const known = await this.ports.reader.last(channel);
      from ||= query.after === 0 ? 1 : await this.#numberAfter(channel, known, query.after);
      if (from > known.place.seq) return this.#pageOf(known, [], 0);
      const reading = await this.#read(channel, known, from, query.limit);
      const page = this.#pageIn(channel, reading, query);
      if (page !== undefined) return page;
      const last = reading.states.at(-1);
      // A life of the channel before this one has left them behind.
      if (last !== undefined && last.state.birth !== reading.top.place.birth) from = last.seq + 1;
      else attempt++;
    }
    throw new FanfareError('ERR_BROKER', 'the map of this channel does not stand still');
  }

  async #read(channel: ChannelName, known: MapTop, from: number, limit: number): Promise<Reading> {
    const { messages, isReplicated } = this.ports;
    const { seq } = known.place;
    const { states, top } = await messages.states(channel, from, limit, seq);
    if (top !== undefined) return { top, states, isLast: true };
    const isStill = !isReplicated() && (await messages.last(channel))?.place.seq === seq;
    if (isStill) return { top: known, states, isLast: false };
    // Somebody has changed the map since its top was read, or the server was behind: those that have not changed are read
    // again, with the top. What has changed since is behind the page.
    const listed = new Map<string, NumberedState>();
    let length = 0;
    let last: NumberedState | undefined;
    for (const one of states) {
      const { key } = entryOf(one.state) ?? {};
      length += channel.length + (key?.length ?? 0);
      if (length > maxListedLength && listed.size > 0) break;
      if (key !== undefined) listed.set(key, one);
      last = one;
    }
    const view = await messages.view(channel, listed.keys(), [], seq);
    if (view.top === undefined || last === undefined) throw new Error('what was just read is not there');
    const confirmed = [...listed].flatMap(([key, one]) =>
      view.states.get(key)?.offset === one.state.offset ? [one] : [],
    );
    // The last one says how far the page goes, whether it is still an entry or not.
    if (confirmed.at(-1) !== last) confirmed.push({ seq: last.seq, state: { ...last.state, text: undefined } });
    return { top: view.top, states: confirmed, isLast: false };
  }

  /** @returns `undefined` if another reading is needed */
  #pageIn(
    channel: ChannelName,
    { top, states, isLast }: Reading,
    { after, upTo, limit }: MapQuery,
  ): MapPage | undefined {
    const { birth, offset: topOffset } = top.place;
    const entries: Publication[] = [];
    let length = 0;
    let [last, lastSeq] = [after, 0];
    const cut = (): MapPage | undefined => {
      if (last === after) return undefined;
      this.#remember(channel, top, last, lastSeq + 1);
      return this.#pageOf(top, entries, last);
    };
    for (const { seq, state } of states) {
      // Of another life of the channel, or of a page before.
      if (state.birth !== birth || state.offset <= after) continue;
      if (upTo !== undefined && state.offset > upTo) return this.#pageOf(top, entries, 0);
      // It comes with the changes after the top, and again with the next page.
      if (state.offset > topOffset) return cut();
      const entry = entryOf(state);
      if (entry !== undefined) {
        length += (entry.key ?? '').length + payloadLength(entry.data);
        if (entries.length >= limit || (length > maxPageLength && entries.length > 0)) return cut();
        entries.push(entry);
      }
      [last, lastSeq] = [state.offset, seq];
    }
    return isLast ? this.#pageOf(top, entries, 0) : cut();
  }

  #pageOf({ place: { birth, offset }, numKeys }: MapTop, entries: readonly Publication[], next: number): MapPage {
    return {
      state: new StatePage(entries),
      top: { offset, epoch: epochOf({ birth, life: this.ports.life.current }) },
      next,
      size: numKeys,
    };
  }

  /** A number that no state up to the offset has, and that is not higher than that of any state after it. */
  async #numberAfter(channel: ChannelName, top: MapTop, offset: number): Promise<number> {
    const known = this.#places.get(placeKey(channel, top, offset));
    if (known !== undefined) return known;
    let [low, high] = [1, top.place.seq + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.ports.messages.next(channel, middle);
      if (found === undefined) high = middle;
      else if (found.birth !== top.place.birth || found.offset <= offset) low = found.seq + 1;
      else high = middle;
    }
    return low;
  }

  #remember(channel: ChannelName, top: MapTop, offset: number, seq: number): void {
    const key = placeKey(channel, top, offset);
    this.#places.delete(key);
    this.#places.set(key, seq);
    if (this.#places.size <= maxPlaces) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }
}

function placeKey(channel: ChannelName, { place: { birth } }: MapTop, offset: number): string {
  // Channel names have no control characters.
  return `${channel}\u0000${birth}\u0000${offset}`;
}
