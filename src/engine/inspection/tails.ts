/** Watches channels without being a subscriber: keeps the latest publications until somebody fetches them. */

import * as v from 'valibot';
import type { ChannelName } from '../../model/channel-name.js';
import { trustedJsonText } from '../../model/json-text.js';
import { isBytes, payloadText } from '../../model/payload.js';
import type { Publication } from '../../model/publication.js';
import { clientInfoSchema, tagsSchema } from '../channels/publication-schemas.js';
import type { Hub } from '../fanout/hub.js';
import type { Interest } from '../fanout/interest.js';
import type { Watcher } from '../fanout/watchers.js';
import type { Cancel, Clock } from '../ports/clock.js';

/** Channels that a node watches at a time. */
export const maxTails = 32;
/** Of one channel; the oldest go first. */
const maxPublications = 200;
const maxLength = 1_048_576;
/** A tail that nobody has asked for this long ends. */
const idleMs = 30_000;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** @property after absent: from now on */
export const tailQuestion = v.object({ channel: v.string(), after: v.exactOptional(count) });

const entry = v.object({
  seq: count,
  atMs: v.number(),
  data: v.pipe(v.string(), v.transform(trustedJsonText)),
  /** The data is base64 in quotes. */
  bytes: v.exactOptional(v.literal(true)),
  offset: count,
  info: v.exactOptional(clientInfoSchema),
  tags: v.exactOptional(tagsSchema),
});
/** A publication as it has arrived; `data` is JSON text. */
export type TailEntry = v.InferOutput<typeof entry>;

export const tailAnswer = v.object({
  node: v.string(),
  lastSeq: count,
  /** Publications after the last seen one were dropped. */
  isCut: v.boolean(),
  entries: v.array(entry),
});
export type TailAnswer = v.InferOutput<typeof tailAnswer>;

export interface TailPorts {
  readonly id: string;
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'watch' | 'unwatch'>;
  readonly interest: Pick<Interest, 'hold' | 'release'>;
}

interface Tail {
  /** Resolves when no later publication is missed. */
  readonly ready: Promise<void>;
  readonly take: Watcher;
  entries: TailEntry[];
  length: number;
  lastSeq: number;
  /** Whether an answer cannot continue what came before it. */
  firstSeq: number;
  lastOffset: number;
  epoch: string;
  askedAtMs: number;
}

export class Tails {
  readonly #tails = new Map<ChannelName, Tail>();
  #sweep: Cancel | undefined;

  constructor(private readonly ports: TailPorts) {}

  /**
   * What has arrived after the last seen one.
   *
   * @returns `undefined` if too many channels are watched
   * @throws FanfareError `ERR_BROKER`
   */
  async read(channel: ChannelName, after: number | undefined): Promise<TailAnswer | undefined> {
    const { clock, id } = this.ports;
    const known = this.#tails.get(channel);
    const tail = known ?? this.#begin(channel);
    if (tail === undefined) return undefined;
    tail.askedAtMs = clock.nowMs();
    try {
      await tail.ready;
    } catch (error) {
      this.#end(channel);
      throw error;
    }
    const { lastSeq, firstSeq } = tail;
    if (after === undefined) return { node: id, lastSeq, isCut: false, entries: [] };
    // A tail that has begun again since does not know what came in between.
    const isCut = after > lastSeq || after + 1 < firstSeq;
    const entries = tail.entries.filter(({ seq }) => seq > after || after > lastSeq);
    return { node: id, lastSeq, isCut: isCut || known === undefined, entries };
  }

  close(): void {
    this.#sweep?.();
    for (const channel of [...this.#tails.keys()]) this.#end(channel);
  }

  #begin(channel: ChannelName): Tail | undefined {
    if (this.#tails.size >= maxTails) return undefined;
    const { clock, hub, interest } = this.ports;
    const ready = interest.hold(channel);
    // Who asked gets the failure.
    ready.catch(() => undefined);
    const tail: Tail = {
      ready,
      take: (publication, epoch) => this.#take(tail, publication, epoch),
      entries: [],
      length: 0,
      lastSeq: 0,
      firstSeq: 1,
      lastOffset: 0,
      epoch: '',
      askedAtMs: clock.nowMs(),
    };
    this.#tails.set(channel, tail);
    hub.watch(channel, tail.take);
    this.#sweep ??= clock.schedule(() => this.#endIdle(), idleMs);
    return tail;
  }

  #take(tail: Tail, { data, offset, info, tags }: Publication, epoch: string): void {
    // The broker may repeat.
    if (offset > 0 && epoch === tail.epoch && offset <= tail.lastOffset) return;
    Object.assign(tail, { lastOffset: offset, epoch });
    const atMs = this.ports.clock.wallMs();
    const entry = { seq: ++tail.lastSeq, atMs, data: payloadText(data), offset };
    const bytes = isBytes(data) && { bytes: true as const };
    tail.entries.push({ ...entry, ...bytes, ...(info && { info }), ...(tags && { tags }) });
    tail.length += entry.data.length;
    while (tail.entries.length > maxPublications || (tail.length > maxLength && tail.entries.length > 1)) {
      tail.length -= tail.entries.shift()?.data.length ?? 0;
    }
    tail.firstSeq = tail.entries[0]?.seq ?? tail.lastSeq + 1;
  }

  #endIdle(): void {
    this.#sweep = undefined;
    const { clock } = this.ports;
    for (const [channel, { askedAtMs }] of this.#tails) if (clock.nowMs() - askedAtMs >= idleMs) this.#end(channel);
    if (this.#tails.size > 0) this.#sweep = clock.schedule(() => this.#endIdle(), idleMs);
  }

  #end(channel: ChannelName): void {
    const tail = this.#tails.get(channel);
    if (tail === undefined) return;
    this.#tails.delete(channel);
    const { hub, interest } = this.ports;
    hub.unwatch(channel, tail.take);
    interest.release(channel);
  }
}
