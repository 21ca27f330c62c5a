/** Positions of publications by idempotency key, for as long as a retry is possible. */

import { idempotencyWindowMs, type Published } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';

/** All keys live equally long, so insertion order is the order of expiry. */
export class IdempotencyKeys {
  readonly #entries = new Map<string, { readonly published: Published; readonly forgetAtMs: number }>();

  constructor(private readonly maxKeys: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** The result of the first publication with this key. */
  find(channel: ChannelName, key: string, nowMs: number): Published | undefined {
    this.sweep(nowMs);
    return this.#entries.get(entryKey(channel, key))?.published;
  }

  remember(channel: ChannelName, key: string, published: Published, nowMs: number): void {
    this.#entries.set(entryKey(channel, key), { published, forgetAtMs: nowMs + idempotencyWindowMs });
  }

  /** Whether one more key fits; live keys must not be dropped for it. */
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

/** Channel names have no control characters, so the NUL separates unambiguously. */
function entryKey(channel: ChannelName, key: string): string {
  return `${channel}\u0000${key}`;
}
