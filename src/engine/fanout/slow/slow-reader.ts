/** One subscriber whose connection takes no more, from then until it has everything that has come for it. */

import type { ChannelName } from '../../../model/channel-name.js';
import type { Position } from '../../../model/position.js';
import type { Publication } from '../../../model/publication.js';
import type { Rule } from '../../channels/rule.js';
import type { RuleCounts } from '../../ports/rule-counts.js';
import type { SharedPush } from '../shared-push.js';
import type { Subscription } from '../subscription.js';
import type { Lane } from './lane.js';

/** The channel, for its slow side. */
export interface SlowSource {
  readonly name: ChannelName;
  readonly position: Position | undefined;
  readonly counts: RuleCounts;
  readonly rule: Rule | undefined;
  /** Hands out everything that has come. */
  flush(): void;
  /** The publication as it came to all. */
  shared(publication: Publication): SharedPush;
  /** Whether the next delta refers to it. */
  isBase(publication: Publication): boolean;
  countOut(numPublications: number): void;
}

/** What a slow reader waits in. */
export interface SlowSide {
  /** The connection has taken everything: gives the reader what waits for it, or as much as it takes. */
  release(reader: SlowReader): void;
  /** The channel is counted there. */
  readonly countedAs: RuleCounts;
}

export class SlowReader {
  /** Up to this number of its lane it has been given everything, or what of it was kept. */
  place: number;
  /** Up to where it has everything, or what was kept of it; `undefined` without a stream. */
  at: Position | undefined;
  /** A page of history is being read for it. */
  isReading = false;
  /** Pages that have brought nothing, one after the other. */
  numEmptyPages = 0;
  /** Publications of the next page, so that its bytes are few. */
  pageSize = 16;
  hasEnded = false;

  /** @param sinceMs when the first publication came that it does not have, by the monotonic clock */
  constructor(
    readonly subscription: Subscription,
    readonly side: SlowSide,
    readonly lane: Lane,
    readonly sinceMs: number,
  ) {
    this.place = lane.placeBefore;
  }
}
