/** A backend that publishes 1, 2, 3, … to each of many channels, at a steady rate over all of them. */

import { type BrokerFactory, channel, fanfare } from '../../../src/index.js';

export interface PublisherOptions {
  readonly broker: BrokerFactory;
  readonly numChannels: number;
  readonly perSec: number;
}

/** How long the history has to reach back, and how far, for clients that are away for some seconds. */
export const feedRule = { subscribe: 'anyone', history: { size: 1_000, ttl: '10m' } } as const;

const tickMs = 10;

export class Publisher implements AsyncDisposable {
  readonly #app;
  /** By channel: how many were acknowledged, and the last one under way. */
  readonly #counts: number[];
  readonly #lasts: Promise<void>[];
  readonly #timer: NodeJS.Timeout;
  readonly #beganMs = performance.now();
  #numBegun = 0;
  #numPublished = 0;
  #failure: unknown;

  constructor({ broker, numChannels, perSec }: PublisherOptions) {
    this.#app = fanfare({ broker, channels: { 'feed:{n}': channel(feedRule) } });
    this.#counts = Array.from({ length: numChannels }, () => 0);
    this.#lasts = Array.from({ length: numChannels }, () => Promise.resolve());
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#beganMs) * perSec) / 1_000;
      while (this.#numBegun < due) this.#begin(this.#numBegun++ % numChannels);
    }, tickMs);
  }

  /** Acknowledged so far, over all channels. */
  get numPublished(): number {
    return this.#numPublished;
  }

  /** Resolves with how many each channel has got, once the last is acknowledged. Throws when one was not. */
  async stop(): Promise<readonly number[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#lasts);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#app.close(1_000);
  }

  /** The next of a channel waits for the last, so that their order is known. */
  #begin(index: number): void {
    this.#lasts[index] = (this.#lasts[index] ?? Promise.resolve())
      .then(async () => {
        const value = (this.#counts[index] ?? 0) + 1;
        await this.#app.publish(`feed:${index}`, value);
        this.#counts[index] = value;
        this.#numPublished++;
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      });
  }
}
