/** Holds what a subscription gets against what it was promised, and measures how long it took. */

import type { PublicationContext, Subscription } from 'centrifuge';

export interface Verdict {
  /** Publications that never came, and nobody said so. */
  holes: number;
  /** Publications that came twice, or after later ones. */
  disorders: number;
  /** Recoveries that failed, which clients were told. */
  begunAnew: number;
  deliveries: number;
}

/** Of a second, or of whatever lies between two looks. */
export class Latencies {
  #ms: number[] = [];

  add(ms: number): void {
    this.#ms.push(ms);
  }

  /** Sorted; begins with none again. */
  take(): readonly number[] {
    const taken = this.#ms.sort((a, b) => a - b);
    this.#ms = [];
    return taken;
  }
}

/** The value that so many hundredths are not above. */
export function percentile(sorted: readonly number[], hundredths: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * hundredths) / 100))] ?? 0;
}

/** What publishers put into each message. */
interface Sent {
  readonly atMs: number;
}

function isSent(data: unknown): data is Sent {
  return typeof data === 'object' && data !== null && 'atMs' in data && typeof data.atMs === 'number';
}

/**
 * @param isComplete whether each publication of the channel is for this subscription; otherwise offsets only rise
 */
export function follow(subscription: Subscription, verdict: Verdict, latencies: Latencies, isComplete: boolean): void {
  let last: number | undefined;
  /** What waited for a client that was away says nothing about the way to one that is there. */
  let caughtUpAt = 0;
  subscription.on('subscribing', ({ code }) => {
    // The server has told that something may be missing.
    if (code >= 2_500) last = undefined;
  });
  subscription.on('unsubscribed', () => {
    last = undefined;
  });
  subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
    caughtUpAt = streamPosition?.offset ?? 0;
    if (wasRecovering && recovered) return;
    if (wasRecovering) verdict.begunAnew++;
    last = isComplete ? streamPosition?.offset : undefined;
  });
  subscription.on('publication', ({ offset = 0, data }: PublicationContext) => {
    verdict.deliveries++;
    if (isSent(data) && (offset === 0 || offset > caughtUpAt)) latencies.add(Date.now() - data.atMs);
    if (offset === 0) return;
    if (last !== undefined && offset <= last) verdict.disorders++;
    else if (last !== undefined && isComplete && offset !== last + 1) verdict.holes += offset - last - 1;
    last = offset;
  });
}
