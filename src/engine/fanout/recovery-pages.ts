/**
 * The rest of a recovery that is larger than one reply: page after page behind it, in the order of the stream, until the
 * subscription is live. Live publications are buffered meanwhile, as in an `Attachment`.
 */

import { payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { brokerFailed, functionFailed, isBrokerFailure } from '../channels/refusal-lines.js';
import { type HistoryPage, historyOf, type Stores } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import { Places } from '../time/places.js';
import { merge } from './attachment.js';
import type { Hub } from './hub.js';
import { newestOfKeys } from './newest-of-keys.js';
import { isTooLarge, roomIn, whenRoomFor } from './reply-room.js';
import { mostAroundData } from './slow/backlog.js';
import type { Subscription } from './subscription.js';

/** Of a page, by the size of the publications of the one before. */
const pageBytes = 65_536;
const firstPageSize = 64;
const maxPageSize = 256;
/** Most that is handed over before a look whether the connection has room for more, unless one publication has more. */
const maxPortionBytes = 131_072;
/** Pages that are read at the same time for all clients of the node. */
const maxReadings = 16;
/** Pages without anything new, one after the other, though the live stream has more: it will not come. */
const maxEmptyPages = 8;

export interface RecoveryPagesPorts {
  readonly hub: Hub;
  readonly broker: Stores;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits: { readonly maxQueueBytes: number };
}

export class RecoveryPages {
  readonly #ports: RecoveryPagesPorts;
  readonly #readings = new Places(maxReadings);

  constructor(ports: RecoveryPagesPorts) {
    this.#ports = ports;
  }

  /**
   * Goes on for a subscription whose client is being told that it has everything up to `at`. If the history drops what
   * is missing before it was read, the client is told as after any gap.
   *
   * @param numTold publications that come with the reply
   */
  begin(subscription: Subscription, at: Position, numTold: number): void {
    subscription.recoverFrom(at);
    void this.#run(subscription, numTold);
  }

  /** Never rejects. */
  async #run(subscription: Subscription, numTold: number): Promise<void> {
    const { channel, owner } = subscription;
    try {
      const outcome = await this.#readOn(subscription, numTold);
      if (outcome !== undefined) owner.loseState(subscription, outcome);
    } catch (error) {
      const what = 'history for a recovery';
      const why = isBrokerFailure(error) ? brokerFailed(what, error) : functionFailed(what, error, { channel });
      if (isRecovering(subscription)) owner.loseState(subscription, why);
    }
  }

  /** @returns why the rest cannot be given; `undefined`: it has been given, or the subscription has ended */
  async #readOn(subscription: Subscription, numTold: number): Promise<RefusalLine | undefined> {
    const { hub, limits } = this.#ports;
    const { counts } = subscription.rule;
    let [numGiven, numEmpty, pageSize] = [numTold, 0, firstPageSize];
    for (;;) {
      const page = await this.#read(subscription, pageSize);
      if (page === undefined) return undefined;
      const { publications } = page;
      numEmpty = publications.length === 0 ? numEmpty + 1 : 0;
      if (!page.continuous || numEmpty > maxEmptyPages) return notKept(subscription);
      for (const portion of portions(publications, Math.min(maxPortionBytes, roomIn(limits)))) {
        if (!(await this.#roomFor(subscription, portion))) return undefined;
        numGiven += this.#hand(subscription, portion);
      }
      if (publications.length > 0) pageSize = fittingSize(publications);
      const { stage } = subscription;
      if (stage.name !== 'recovering' || stage.at.offset < page.top.offset || stage.hasOverflowed) continue;
      const { publications: live, top, hasHole } = merge([], stage.at, stage.buffer);
      const newest = hub.position(subscription.channel);
      const isBehind = newest !== undefined && newest.epoch === top.epoch && newest.offset > top.offset;
      if (hasHole || isBehind || !this.#hasRoomFor(subscription, live)) continue;
      numGiven += this.#hand(subscription, live);
      counts.recovered.observe(numGiven);
      // Deltas refer to the channel's last publication, which the client has.
      subscription.hasBase = subscription.variant.delta === 'on';
      hub.promote(subscription, top);
      return undefined;
    }
  }

  /** The next page, once the client has taken the one before; `undefined` if the subscription has ended. */
  async #read(subscription: Subscription, limit: number): Promise<HistoryPage | undefined> {
    const { broker, clock } = this.#ports;
    const { outbox, channel, rule } = subscription;
    await whenRoomFor({ hasRoomFor: () => outbox.takesMore }, clock, 0);
    const turn = this.#readings.enter();
    if (turn !== undefined) await turn;
    try {
      const { stage } = subscription;
      const history = historyOf(broker, rule);
      if (stage.name !== 'recovering' || history === undefined) return undefined;
      // What has overflowed is in the page that is read now.
      subscription.forgetOverflow();
      const page = await history.read(channel, { limit, since: stage.at, reverse: false });
      return isRecovering(subscription) ? page : undefined;
    } finally {
      this.#readings.leave();
    }
  }

  /** @returns how many of them the client gets */
  #hand(subscription: Subscription, publications: readonly Publication[]): number {
    const { variant, maxRate, outbox, rule, position } = subscription;
    const last = publications.at(-1);
    if (last === undefined || position === undefined) return 0;
    const { filter } = variant;
    const passing = filter === undefined ? publications : publications.filter((each) => filter.passes(each));
    const wanted = maxRate === undefined ? passing : newestOfKeys(passing);
    this.#ports.hub.hand(subscription, wanted);
    outbox.flush();
    this.#ports.counters.publicationsRecovered += wanted.length;
    rule.counts.publicationsRecovered += wanted.length;
    subscription.recoverFrom({ ...position, offset: last.offset });
    return wanted.length;
  }

  /** Resolves when the connection has room for these; with false if the subscription has ended. */
  async #roomFor(subscription: Subscription, publications: readonly Publication[]): Promise<boolean> {
    const { limits, clock } = this.#ports;
    const { outbox } = subscription;
    const numBytes = mostBytesOf(publications);
    // The estimate is high: what seems to be larger than the queue has room in an empty one.
    const room = isTooLarge(limits, numBytes) ? { hasRoomFor: () => outbox.takesMore } : outbox;
    await whenRoomFor(room, clock, numBytes);
    return isRecovering(subscription);
  }

  #hasRoomFor({ outbox }: Subscription, publications: readonly Publication[]): boolean {
    return publications.length === 0 || outbox.hasRoomFor(mostBytesOf(publications));
  }
}

function isRecovering({ stage }: Subscription): boolean {
  return stage.name === 'recovering';
}

/** In order, each at least of one publication. */
function* portions(publications: readonly Publication[], maxBytes: number): Iterable<readonly Publication[]> {
  let [start, numBytes] = [0, 0];
  for (const [index, publication] of publications.entries()) {
    const more = mostBytesOf([publication]);
    if (index > start && numBytes + more > maxBytes) {
      yield publications.slice(start, index);
      [start, numBytes] = [index, 0];
    }
    numBytes += more;
  }
  if (start < publications.length) yield publications.slice(start);
}

/** So many like these are a page. */
function fittingSize(publications: readonly Publication[]): number {
  const length = publications.reduce((sum, { data }) => sum + payloadLength(data), 1);
  return Math.max(1, Math.min(maxPageSize, Math.floor((pageBytes * publications.length) / length)));
}

/** Upper bound, encoded and framed. */
function mostBytesOf(publications: readonly Publication[]): number {
  return publications.reduce((sum, { data }) => sum + payloadLength(data) * 3 + mostAroundData, 0);
}

function notKept({ channel, rule }: Subscription): RefusalLine {
  const pattern = rule.pattern.text;
  return {
    check: 'recovery',
    key: pattern,
    fields: { channel, rule: pattern, option: `channels → ${pattern} → history` },
    message: 'subscription begins anew: the history of its channel has dropped what its client had still to recover',
    level: 'info',
  };
}
