/**
 * The slow readers of one channel whose rule has a policy for them: what comes for them waits here, not in the queues of
 * their connections, and leaves when these have taken everything.
 */

import { payloadLength } from '../../../model/payload.js';
import type { Position } from '../../../model/position.js';
import type { Publication } from '../../../model/publication.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { SlowPolicy } from '../../channels/slow-policy.js';
import type { TagFilter } from '../../filters/tag-filter.js';
import type { RuleCounts } from '../../ports/rule-counts.js';
import { mostBytes } from '../joined-frames.js';
import { Parcel } from '../parcel.js';
import type { SharedFrame } from '../shared-frame.js';
import type { SharedPush } from '../shared-push.js';
import type { Subscription } from '../subscription.js';
import type { Variant } from '../variant.js';
import { type Backlog, backlogOf, backlogOfParts, mostAroundData, publicationOf, type Waiting } from './backlog.js';
import { readOn } from './catch-up.js';
import { Lane } from './lane.js';
import { SlowReader, type SlowSide, type SlowSource } from './slow-reader.js';
import type { SlowReaders } from './slow-readers.js';

/** What is given at once, of which the connection may leave the rest waiting. */
const maxPortionBytes = 16_384;
/** Changed keys of a map, besides twice those that it may have, for which a reader waits at most. */
const leastKeys = 1_024;
/** What one reader is given before others have their turn. */
const maxGivenBytes = 262_144;

export class SlowChannel implements SlowSide {
  readonly #lanes = new Map<TagFilter | undefined, Lane>();
  readonly #readers = new Map<Subscription, SlowReader>();
  /** Of the frame that leaves, at most; 0: it leaves in any case. */
  #frameBytes = 0;
  /** Another policy applies: who is slow stays so, nobody else becomes it. */
  isRetired = false;

  constructor(
    readonly source: SlowSource,
    readonly policy: SlowPolicy,
    readonly all: SlowReaders,
  ) {}

  get numReaders(): number {
    return this.#readers.size;
  }

  get countedAs(): RuleCounts {
    return this.source.counts;
  }

  /** Called first with each frame that leaves. @param numCharacters of its data */
  take(frame: SharedFrame, numCharacters: number): void {
    // A single publication always leaves if the connection has taken everything before it.
    const { numPublications } = frame;
    this.#frameBytes = numPublications > 1 ? numCharacters * 3 + numPublications * mostAroundData : 0;
    for (const lane of this.#lanes.values()) {
      lane.take(frame);
      if (lane.isLarge) this.#trim(lane);
    }
  }

  /**
   * Those subscribers of a variant that get the frame now: usually all, and then it is the same list. For the others its
   * publications wait; joins and leaves do not.
   */
  ready(
    group: readonly Subscription[],
    frame: SharedFrame,
    late: ReadonlyMap<Subscription, number> | undefined,
  ): readonly Subscription[] {
    const [first] = group;
    if (first === undefined || frame.numPublicationsFor(first.variant) === 0) return group;
    let ready: Subscription[] | undefined;
    let traffic: Parcel | undefined;
    for (let i = 0; i < group.length; i++) {
      const subscription = group[i];
      if (subscription === undefined) continue;
      // Who is late has been given its part, and is passed over.
      if (late?.has(subscription) || this.#isReady(subscription, frame)) {
        ready?.push(subscription);
        continue;
      }
      ready ??= group.slice(0, i);
      traffic ??= frame.trafficFor(first.variant);
      if (traffic !== undefined) subscription.outbox.share(traffic);
    }
    return ready ?? group;
  }

  release(reader: SlowReader): void {
    const { lane, subscription } = reader;
    let waiting = lane.backlog.after(reader.place);
    for (let budget = maxGivenBytes; budget > 0 && subscription.outbox.takesMore; subscription.outbox.flush()) {
      if (this.policy.kind === 'recover' && !lane.backlog.holdsAfter(reader.place)) {
        void readOn(this, reader);
        return;
      }
      const numBytes = this.#give(reader, waiting);
      if (reader.place === lane.backlog.numAdded) this.#isUpToDate(reader, waiting);
      if (reader.hasEnded || numBytes === 0) return;
      waiting = restOf(waiting, reader.place);
      budget -= numBytes;
    }
  }

  /**
   * Gives a subscriber that is about to leave, or whose connection is, what waits for it and has room. What has none is
   * for its recovery.
   *
   * @returns whether nothing waits for it any more
   */
  settle(subscription: Subscription): boolean {
    const reader = this.#readers.get(subscription);
    if (reader === undefined) return true;
    if (this.policy.kind === 'recover') return false;
    const { backlog } = reader.lane;
    let waiting = backlog.after(reader.place);
    for (let budget = maxGivenBytes; budget > 0 && subscription.outbox.hasRoomFor(maxPortionBytes); ) {
      const numBytes = this.#give(reader, waiting);
      if (reader.place === backlog.numAdded) this.#isUpToDate(reader, waiting);
      if (reader.hasEnded) return true;
      if (numBytes === 0) return false;
      waiting = restOf(waiting, reader.place);
      budget -= numBytes;
    }
    return false;
  }

  /** Up to where a slow reader has everything, or what was kept of it; `undefined` for who is none, and without a stream. */
  positionOf(subscription: Subscription): Position | undefined {
    return this.#readers.get(subscription)?.at;
  }

  /** Gives a publication of the history. */
  resend(reader: SlowReader, publication: Publication): void {
    const { subscription } = reader;
    const { variant } = subscription;
    const message = this.source.shared(publication).encodedFor(variant, false);
    subscription.outbox.share(new Parcel(variant.encoding, [message]));
    this.source.counts.slowResumed++;
    this.source.countOut(1);
  }

  /** There is a hole between what the reader has and what is kept: it is told. */
  lose({ subscription }: SlowReader, why: RefusalLine): void {
    this.source.counts.slowLost++;
    this.left(subscription);
    subscription.owner.loseState(subscription, why);
  }

  /** The subscriber is gone, or has everything. @returns whether something has waited for it until now */
  left(subscription: Subscription): boolean {
    const reader = this.#readers.get(subscription);
    if (reader === undefined) return false;
    reader.hasEnded = true;
    this.#readers.delete(subscription);
    this.all.remove(reader);
    if (--reader.lane.numReaders === 0) this.#lanes.delete(reader.lane.filter);
    return true;
  }

  /** Keys of a map may come and go without end: what all readers have is forgotten, and who is too far behind begins anew. */
  #trim(lane: Lane): void {
    const readers = [...this.#readers.values()].filter((reader) => reader.lane === lane);
    lane.trim(readers.map(({ place }) => place));
    const mostKeys = Math.max(leastKeys, 2 * (this.source.rule?.map?.maxKeys ?? 0));
    if (lane.backlog.size <= mostKeys) return;
    // The list of subscribers must not change during a fan-out.
    this.all.ports.clock.afterTurn(() => {
      for (const reader of readers) {
        if (!reader.hasEnded && lane.backlog.after(reader.place).length > mostKeys) {
          this.lose(reader, tooManyKeys(reader.subscription));
        }
      }
    });
  }

  #isReady(subscription: Subscription, frame: SharedFrame): boolean {
    if (this.#readers.size > 0 && this.#readers.has(subscription)) return false;
    if (this.isRetired || this.#takes(subscription, frame)) return true;
    const { filter } = subscription.variant;
    let lane = this.#lanes.get(filter);
    if (lane === undefined) {
      lane = new Lane(filter, this.#newBacklog());
      this.#lanes.set(filter, lane);
      lane.take(frame);
    }
    lane.numReaders++;
    const reader = new SlowReader(subscription, this, lane, this.all.ports.clock.nowMs());
    reader.at = this.#before(frame);
    subscription.hasBase = false;
    this.#readers.set(subscription, reader);
    this.all.add(reader);
    return false;
  }

  #newBacklog(): Backlog {
    if (this.source.rule?.streams === undefined) return backlogOf(this.policy, this.all.ports.limits.maxQueueBytes);
    return backlogOfParts((publication) => this.source.shared(publication));
  }

  #takes({ outbox, variant, hasBase }: Subscription, frame: SharedFrame): boolean {
    if (outbox.takes(this.#frameBytes)) return true;
    // Mostly it is much smaller. A protocol with state counts what it encodes as sent.
    if (!outbox.takesMore || variant.encoding.protocol.checkpoint !== undefined) return false;
    return outbox.takes(frame.parcelFor(variant, hasBase)?.numBytes ?? 0);
  }

  /** The position of all subscribers before the frame. */
  #before(frame: SharedFrame): Position | undefined {
    const { position } = this.source;
    if (position === undefined) return undefined;
    const first = frame.publicationsFor({ filter: undefined }).find((shared) => publicationOf(shared).offset > 0);
    return first === undefined ? position : { ...position, offset: publicationOf(first).offset - 1 };
  }

  /** Gives the first of these, as many as go together. @returns their bytes */
  #give(reader: SlowReader, waiting: readonly Waiting[]): number {
    const { lane, subscription, place } = reader;
    const portion = lane.backlog.isJoined ? waiting : portionOf(waiting, subscription.variant);
    const last = portion.at(-1);
    if (last === undefined) return 0;
    const parcel = lane.parcelOf(portion, subscription.variant);
    const numLeftOut = last.number - place - portion.length;
    const { counts } = this.source;
    if (this.policy.kind === 'latest' || lane.backlog.isJoined) counts.slowConflated += numLeftOut;
    else counts.slowDropped += numLeftOut;
    reader.place = last.number;
    const { offset } = publicationOf(last.item);
    if (reader.at !== undefined && offset > 0) reader.at = { ...reader.at, offset };
    subscription.outbox.share(parcel);
    this.source.countOut(portion.length);
    return parcel.numBytes;
  }

  #isUpToDate(reader: SlowReader, given: readonly Waiting[]): void {
    const last = given.at(-1);
    this.left(reader.subscription);
    reader.subscription.hasBase = last !== undefined && this.source.isBase(publicationOf(last.item));
  }
}

function tooManyKeys({ channel, rule }: Subscription): RefusalLine {
  const pattern = rule.pattern.text;
  return {
    check: 'slow reader',
    key: `keys ${pattern}`,
    fields: { channel, rule: pattern, option: `channels → ${pattern} → map → size` },
    message: 'subscription begins anew: for a slow reader more keys have changed than its map may have',
    level: 'info',
  };
}

function portionOf(waiting: readonly Waiting[], variant: Variant): readonly Waiting[] {
  let numBytes = 0;
  const end = waiting.findIndex(({ item }, n) => {
    numBytes += mostBytesOf(item, variant);
    return n > 0 && numBytes > maxPortionBytes;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}

/** With what is around its data, which may be much longer: its key, its publisher, the name of its channel. */
function mostBytesOf(item: SharedPush, variant: Variant): number {
  // A protocol with state counts what it encodes as sent.
  if (variant.encoding.protocol.checkpoint === undefined) return mostBytes(item.encodedFor(variant, false));
  return payloadLength(publicationOf(item).data) * 3 + mostAroundData;
}

/** What comes after a place. */
function restOf(waiting: readonly Waiting[], place: number): readonly Waiting[] {
  const first = waiting.findIndex(({ number }) => number > place);
  return first === -1 ? [] : waiting.slice(first);
}
