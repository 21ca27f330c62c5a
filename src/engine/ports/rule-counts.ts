/** What a rule's channels have had: the counters with the label `rule`. They hang on the rule, so that none is looked up. */

import { Histogram } from './histogram.js';

/**
 * Why a client could not get what it missed. `epoch`: the stream began anew. `trimmed`: the history was too short.
 * `too-many`: more than `limits.maxRecoveredPublications`. `too-large`: more than `limits.maxQueueBytes`.
 */
export const recoveryLosses = ['epoch', 'trimmed', 'too-many', 'too-large'] as const;
export type RecoveryLoss = (typeof recoveryLosses)[number];

/** In seconds: from a subscriber in the same process to a broker that is overloaded. */
const deliveryBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const recoveredBounds = [0, 1, 3, 10, 30, 100, 300, 1_000];

/** Most values only grow, as long as there is a rule of this pattern. */
export class RuleCounts {
  /** With subscribers on this node, at the moment. */
  channels = 0;
  /** On this node, at the moment. */
  subscriptions = 0;
  publicationsIn = 0;
  publicationsOut = 0;
  /** Publications that were sent as deltas, and the bytes by which these were smaller. */
  deltasOut = 0;
  deltaBytesSaved = 0;
  /** Publications that subscribers did not get because of their filters, one per subscriber. */
  publicationsFiltered = 0;
  /** Keys of maps that were set and removed, as far as this node has asked for it. */
  mapSets = 0;
  mapRemovals = 0;
  /** Changes of maps that were not made: the key had another version, or there was no room. */
  mapConflicts = 0;
  mapRefusals = 0;
  /** Pages of states that newcomers got. */
  mapPages = 0;
  /** Streams that producers on this node have opened, appended to, closed and failed. */
  streamsOpened = 0;
  streamAppends = 0;
  streamsClosed = 0;
  streamsFailed = 0;
  /** Streams that readers on this node have cancelled, or that nobody read any more. */
  streamsCancelled = 0;
  /** Changes of streams that were refused: of a producer that was replaced, after the end, out of order, or beyond a bound. */
  streamRefusals = 0;
  /** Publications that waited for the beat of a rate, one per subscriber. */
  publicationsDelayed = 0;
  /** Publications that subscribers with a rate did not get, since a newer one of the key came before the beat. */
  publicationsConflated = 0;
  /** Publications that slow readers did not get because a newer one of the key came: policy `latest`. */
  slowConflated = 0;
  /** Publications that slow readers did not get because too many newer ones waited: policy `dropOldest`. */
  slowDropped = 0;
  /** Publications that slow readers got from the history: policy `recover`. */
  slowResumed = 0;
  /** Slow readers that were told to begin anew, since the history was too short: policy `recover`. */
  slowLost = 0;
  /** Subscriptions of connections that were closed because they read too slowly: policy `disconnect`. */
  slowCutOff = 0;
  recoveries = 0;
  publicationsRecovered = 0;
  readonly recoveriesFailed: Record<RecoveryLoss, number> = { epoch: 0, trimmed: 0, 'too-many': 0, 'too-large': 0 };
  readonly errorsByCode = new Map<number, number>();
  /** Seconds from the acceptance of a message to the write to its subscribers on the same node; a sample. */
  readonly delivery = new Histogram(deliveryBounds);
  /** Publications that a recovering client got. */
  readonly recovered = new Histogram(recoveredBounds);
}
