/** Reads streams: what follows a place, as far as one answer carries it, and whether there is more or will be. */

import type { HistoryPage, HistoryStore } from '../../engine/ports/broker.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import { type Payload, payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import { gone, malformed, noStream, type StreamAnswer } from './answer.js';
import { jsonContent, modeOf, type StreamMode } from './content.js';
import type { ReadStart } from './offsets.js';
import type { StreamChanges } from './stream-changes.js';
import { type HeldState, isAlive, type StreamStates } from './stream-state.js';
import type { StreamTarget } from './target.js';

export interface ReaderPorts {
  readonly history: HistoryStore;
  /** Absent: the broker keeps none. */
  readonly states: StreamStates | undefined;
  readonly changes: Pick<StreamChanges, 'settle'> | undefined;
  readonly clock: Pick<Clock, 'wallMs'>;
}

export interface Chunk {
  readonly contentType: string;
  readonly mode: StreamMode;
  readonly payloads: readonly Payload[];
  /** Before the data, and after it. */
  readonly from: Position;
  readonly next: Position;
  /** There was nothing behind it. */
  readonly isUpToDate: boolean;
  /** Nor will there be. */
  readonly isClosed: boolean;
}

/** What a stream says of itself. */
export interface StreamView {
  readonly contentType: string;
  /** Data after this position is the stream's; `undefined`: all that the channel keeps. */
  readonly start: Position | undefined;
  readonly isClosed: boolean;
  /** Of a stream that is closed. */
  readonly end: Position | undefined;
  readonly held: HeldState;
}

/** Of the first page, since its publications may be long; each further one has twice as many. */
const firstPageSize = 32;
const maxPageSize = 512;
/** Of one answer, unless its first publication has more. */
const maxChunkLength = 262_144;
const unknown: HeldState = { state: undefined, version: { version: 0 } };

export class StreamReader {
  readonly #ports: ReaderPorts;
  /** Readings that are under way, for all who ask for the same. */
  readonly #pages = new Map<string, Promise<HistoryPage>>();
  readonly #held = new Map<ChannelName, Promise<HeldState>>();

  constructor(ports: ReaderPorts) {
    this.#ports = ports;
  }

  /** @throws FanfareError `ERR_BROKER` */
  async view(target: StreamTarget): Promise<StreamView | StreamAnswer> {
    let held = await this.#readState(target.place);
    // Otherwise the end would be told before the last data.
    const { changes } = this.#ports;
    if (held.state?.closed !== undefined && held.state.pending !== undefined && changes !== undefined) {
      held = await changes.settle(target, held);
    }
    const { state } = held;
    if (state === undefined)
      return { contentType: jsonContent, start: undefined, isClosed: false, end: undefined, held };
    if (!isAlive(state, this.#ports.clock.wallMs())) return noStream;
    const { contentType, start, closed } = state;
    return { contentType, start, isClosed: closed !== undefined, end: closed?.end, held };
  }

  /** Where the stream ends now. @throws FanfareError `ERR_BROKER` */
  async tail(target: StreamTarget, { end, held }: StreamView): Promise<Position | StreamAnswer> {
    const { top } = await this.#read(target.channel, undefined, 0);
    if (held.state === undefined && top.offset === 0) return noStream;
    return end ?? top;
  }

  /** @throws FanfareError `ERR_BROKER` */
  async read(target: StreamTarget, view: StreamView, asked: ReadStart): Promise<Chunk | StreamAnswer> {
    const { contentType, end, isClosed } = view;
    const about = { contentType, mode: modeOf(contentType) };
    if (asked === 'now') {
      const tail = await this.tail(target, view);
      if ('status' in tail) return tail;
      return { ...about, payloads: [], from: tail, next: tail, isUpToDate: true, isClosed };
    }
    const first = await this.#pageFrom(target, view, asked);
    if ('status' in first) return first;
    const { epoch } = first.top;
    const from = first.since ?? { offset: (first.publications[0]?.offset ?? first.top.offset + 1) - 1, epoch };
    const payloads: Payload[] = [];
    let [next, length] = [from, 0];
    let page: HistoryPage = first;
    for (let size = firstPageSize; ; size = Math.min(maxPageSize, size * 2)) {
      const last = end?.epoch === epoch ? end : page.top;
      for (const { data, offset } of page.publications) {
        if (offset > last.offset) break;
        length += payloadLength(data);
        if (payloads.length > 0 && length > maxChunkLength) break;
        payloads.push(data);
        next = { offset, epoch };
      }
      const isUpToDate = next.offset >= last.offset;
      const isWhole = isUpToDate || length > maxChunkLength || page.publications.length < size;
      if (!isWhole) page = await this.#read(target.channel, next, Math.min(maxPageSize, size * 2));
      // What follows may have been dropped meanwhile, of which the next request is told.
      if (isWhole || !page.continuous) {
        return { ...about, payloads, from, next, isUpToDate, isClosed: isClosed && isUpToDate };
      }
    }
  }

  /** The publications that follow; `since` is absent for what the channel still keeps. */
  async #pageFrom(
    { channel }: StreamTarget,
    { start, held }: StreamView,
    asked: Exclude<ReadStart, 'now'>,
  ): Promise<(HistoryPage & { readonly since: Position | undefined }) | StreamAnswer> {
    const since = asked === 'beginning' ? start : asked;
    const page = await this.#read(channel, since, firstPageSize);
    const { top } = page;
    if (held.state === undefined && top.offset === 0) return noStream;
    if (asked === 'beginning') {
      if (page.continuous) return { ...page, since };
      return { ...(await this.#read(channel, undefined, firstPageSize)), since: undefined };
    }
    if (asked.epoch === top.epoch && asked.offset > top.offset) return malformed('offset is behind the end');
    const isBefore = start !== undefined && start.epoch === asked.epoch && asked.offset < start.offset;
    return isBefore || !page.continuous ? gone : { ...page, since };
  }

  #read(channel: ChannelName, since: Position | undefined, limit: number): Promise<HistoryPage> {
    return shared(this.#pages, `${since?.offset} ${since?.epoch} ${limit} ${channel}`, () =>
      this.#ports.history.read(channel, { limit, reverse: false, ...(since && { since }) }),
    );
  }

  #readState(place: ChannelName): Promise<HeldState> {
    const { states } = this.#ports;
    return states === undefined ? Promise.resolve(unknown) : shared(this.#held, place, () => states.read(place));
  }
}

/** One reading for all who ask in the same turn, and while it has not been begun. */
function shared<Key, Result>(
  underWay: Map<Key, Promise<Result>>,
  key: Key,
  begin: () => Promise<Result>,
): Promise<Result> {
  const known = underWay.get(key);
  if (known !== undefined) return known;
  // Who comes later has to see what was written before, so it may be shared only until it begins.
  const reading = Promise.resolve().then(() => {
    underWay.delete(key);
    return begin();
  });
  underWay.set(key, reading);
  return reading;
}
