/** The deltas of one channel: its last publication, while there are subscribers that get deltas, and who has it. */

import type { Publication } from '../../../model/publication.js';
import type { PublicationPush } from '../../../model/push.js';
import type { RuleCounts } from '../../ports/rule-counts.js';
import type { Parcel } from '../parcel.js';
import type { SharedFrame } from '../shared-frame.js';
import { SharedPush } from '../shared-push.js';
import type { Subscription } from '../subscription.js';
import { DataVersion } from './version.js';

type Counts = Pick<RuleCounts, 'deltasOut' | 'deltaBytesSaved'>;

export class DeltaChain {
  /** Number of live subscribers that get deltas. */
  #numReaders = 0;
  #last: DataVersion | undefined;

  /** @param offset the position at which the subscriber goes live; what its client has is there */
  add(subscription: Subscription, offset: number | undefined): void {
    this.#numReaders++;
    // A publication without an offset may have come after it.
    if (this.#last !== undefined && this.#last.publication.offset !== offset) subscription.hasBase = false;
  }

  /** @returns how many there are still; without any the chain has to go */
  remove(): number {
    return --this.#numReaders;
  }

  /** Whether the next delta refers to it. */
  isBase(publication: Publication): boolean {
    return this.#last?.publication === publication;
  }

  /** The publication refers to the one before it, and the next one to this. */
  next(push: PublicationPush, channelId: number): SharedPush {
    const base = this.#last;
    this.#last = new DataVersion(push.publication);
    return new SharedPush(push, channelId, this.#last, base);
  }

  /**
   * Gives a frame to the subscribers of a variant that are not late. Who has no base gets the first publication whole, and
   * then has one.
   */
  share(
    frame: SharedFrame,
    group: readonly Subscription[],
    late: ReadonlyMap<Subscription, number> | undefined,
    counts: Counts,
  ): void {
    const [first] = group;
    if (first === undefined) return;
    const { variant } = first;
    const begins = frame.numPublications > 0;
    let withBase: Parcel | undefined;
    let whole: Parcel | undefined;
    let numWithBase = 0;
    let numWithout = 0;
    // Backwards: a slow subscriber may leave at once, and the last one, which already has the frame, takes its slot.
    for (let i = group.length - 1; i >= 0; i--) {
      const subscription = group[i];
      if (subscription === undefined || late?.has(subscription) === true) continue;
      const { hasBase } = subscription;
      if (hasBase) withBase ??= frame.parcelFor(variant, true);
      else whole ??= frame.parcelFor(variant, false);
      const parcel = hasBase ? withBase : whole;
      if (parcel === undefined) return;
      if (hasBase) numWithBase++;
      else {
        numWithout++;
        subscription.hasBase = begins;
      }
      subscription.outbox.share(parcel);
    }
    count(frame, true, numWithBase, counts);
    count(frame, false, numWithout, counts);
  }

  /** Called when the subscriber alone has got the frame. */
  handed(frame: SharedFrame, subscription: Subscription, counts: Counts): void {
    count(frame, subscription.hasBase, 1, counts);
    if (frame.numPublications > 0) subscription.hasBase = true;
  }
}

function count(frame: SharedFrame, hadBase: boolean, numSubscribers: number, counts: Counts): void {
  if (numSubscribers === 0) return;
  const { count: numDeltas, savedBytes } = frame.deltas(hadBase);
  counts.deltasOut += numDeltas * numSubscribers;
  counts.deltaBytesSaved += savedBytes * numSubscribers;
}
