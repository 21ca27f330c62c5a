/**
 * How long messages take from their acceptance to the write to their subscribers, and the broker to acknowledge them,
 * measured at one in {@link publicationsPerSample}: the others cost a subtraction.
 */

import type { ChannelName } from '../../model/channel-name.js';
import { isSamePayload, type Payload } from '../../model/payload.js';
import type { Clock } from '../ports/clock.js';
import type { Histogram } from '../ports/histogram.js';

export const publicationsPerSample = 16;
/** A publication that has not arrived by then never will: the next one is measured instead. */
const maxWaitMs = 10_000;

interface Sample {
  readonly data: Payload;
  readonly histogram: Histogram;
  readonly sinceMs: number;
  readonly traceId: string | undefined;
}

interface SamplePorts {
  readonly clock: Clock;
  /** Whether publications of the channel are written to anybody on this node. */
  readonly hasSubscribers: (channel: ChannelName) => boolean;
}

export class DeliverySamples {
  /** The channel of the message that is under way; compared with that of each publication. */
  channel: ChannelName | undefined;
  #sample: Sample | undefined;
  #left = 1;

  constructor(private readonly ports: SamplePorts) {}

  /** Whether to measure this publication. */
  isNext(): boolean {
    if (--this.#left > 0) return false;
    this.#left = publicationsPerSample;
    return true;
  }

  /** Measures the next publication, so that each scrape has a recent one even where there are few. */
  ask(): void {
    this.#left = 1;
  }

  /** A message is about to be published. @returns tells that the broker has acknowledged it */
  begin(
    channel: ChannelName,
    data: Payload,
    delivery: Histogram,
    acknowledgement: Histogram,
    traceId?: string,
  ): () => void {
    const { clock, hasSubscribers } = this.ports;
    const sinceMs = clock.nowMs();
    const isFree = this.#sample === undefined || sinceMs - this.#sample.sinceMs > maxWaitMs;
    if (isFree && hasSubscribers(channel)) {
      this.channel = channel;
      this.#sample = { data, histogram: delivery, sinceMs, traceId };
    }
    return () => acknowledgement.observeTraced((clock.nowMs() - sinceMs) / 1_000, traceId, clock.wallMs());
  }

  /** A publication has come to {@link channel}. True: it is the one, and {@link written} has to follow its batch. */
  arrived(data: Payload): boolean {
    if (this.#sample === undefined || !isSamePayload(this.#sample.data, data)) return false;
    this.channel = undefined;
    return true;
  }

  /** Its subscribers have been written to. */
  written(nowMs: number): void {
    const sample = this.#sample;
    this.#sample = undefined;
    sample?.histogram.observeTraced((nowMs - sample.sinceMs) / 1_000, sample.traceId, this.ports.clock.wallMs());
  }
}
