/** Waits until something may have come to a stream: data, or the end. */

import type { Hub } from '../../engine/fanout/hub.js';
import type { Interest } from '../../engine/fanout/interest.js';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';

export interface WaitingPorts {
  readonly hub: Pick<Hub, 'watch' | 'unwatch'>;
  readonly interest: Pick<Interest, 'hold' | 'release'>;
  readonly clock: Pick<Clock, 'schedule'>;
}

export class Waiting {
  readonly #ports: WaitingPorts;
  readonly #channels: readonly ChannelName[];
  /** Something has come since the last {@link next}. */
  #isDue = false;
  #wake: (() => void) | undefined;
  #isEnded = false;

  private constructor(ports: WaitingPorts, channels: readonly ChannelName[]) {
    this.#ports = ports;
    this.#channels = channels;
  }

  /**
   * Resolves when nothing that comes from now on is missed. {@link end} has to follow, unless it rejects.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  static async for(ports: WaitingPorts, channels: readonly ChannelName[]): Promise<Waiting> {
    const waiting = new Waiting(ports, channels);
    const held = channels.map((channel) => {
      ports.hub.watch(channel, waiting.#onPublication);
      return ports.interest.hold(channel);
    });
    try {
      await Promise.all(held);
    } catch (error) {
      waiting.end();
      throw error;
    }
    return waiting;
  }

  /** Resolves with whether something has come since the last call: at once, or later, or not within that time. */
  next(maxMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined;
      const done = () => {
        cancel();
        this.#wake = undefined;
        resolve(this.#isDue);
        this.#isDue = false;
      };
      if (this.#isDue || this.#isEnded) {
        done();
        return;
      }
      cancel = this.#ports.clock.schedule(done, maxMs);
      this.#wake = done;
    });
  }

  /** As if something had come. */
  wake(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** Idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const channel of this.#channels) {
      this.#ports.hub.unwatch(channel, this.#onPublication);
      this.#ports.interest.release(channel);
    }
    this.#wake?.();
  }

  readonly #onPublication = (): void => this.wake();
}
