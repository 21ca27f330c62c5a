/** Positions of publications by their idempotency keys, for as long as a retry may come. */

import { idempotencyWindowMs, type Published } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';

interface Entry {
  readonly published: Published;
  readonly forgetAtMs: number;
}

/** Every key lives equally long, so a map in the order of insertion is in the order of expiry as well. */
export class IdempotencyKeys {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly maxKeys: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** What the first publication with this key became. */
  find(channel: ChannelName, key: string, nowMs: number): Published | undefined {
    this.sweep(nowMs);
    return this.#entries.get(entryKey(channel, key))?.published;
  }

  remember(channel: ChannelName, key: string, published: Published, nowMs: number): void {
    this.#entries.set(entryKey(channel, key), { published, forgetAtMs: nowMs + idempotencyWindowMs });
  }

  /** Whether one more fits: to drop a live key for it would break a promise. */
  hasRoom(nowMs: number): boolean {
    this.sweep(nowMs);
    return this.#entries.size < this.maxKeys;
  }

  sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.forgetAtMs > nowMs) return;
      this.#entries.delete(key);
    }
  }
}

/** Channel names have no control characters, so nothing else ends at the NUL. */
function entryKey(channel: ChannelName, key: string): string {
  return `${channel}\u0000${key}`;
}
