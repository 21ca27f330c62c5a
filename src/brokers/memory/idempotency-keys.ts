/** Positions of publications by idempotency key, for as long as a retry is possible. */

import { idempotencyWindowMs, type Published } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { SplitMap } from './split-map.js';

interface Entry {
  readonly published: Published;
  readonly forgetAtMs: number;
}

/** All keys live equally long, so the order of insertion is that of expiry, in each part. */
export class IdempotencyKeys {
  readonly #entries = new SplitMap<string, Entry>();

  constructor(private readonly maxKeys: number) {}

  /** Keys, including expired ones that have not been swept yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** The result of the first publication with this key. */
  find(channel: ChannelName, key: string, nowMs: number): Published | undefined {
    const entry = this.#entries.get(entryKey(channel, key));
    return entry !== undefined && entry.forgetAtMs > nowMs ? entry.published : undefined;
  }

  remember(channel: ChannelName, key: string, published: Published, nowMs: number): void {
    const name = entryKey(channel, key);
    // One that has expired is in the place of an old one.
    this.#entries.delete(name);
    this.#entries.set(name, { published, forgetAtMs: nowMs + idempotencyWindowMs });
  }

  /** Whether one more key fits; live keys must not be dropped for it. */
  hasRoom(nowMs: number): boolean {
    if (this.#entries.size < this.maxKeys) return true;
    return this.#entries.parts.some((part) => this.#expire(part, nowMs).next().done !== true);
  }

  /** Drops expired keys, one at each step. */
  *sweep(nowMs: number): Generator<void> {
    for (const part of this.#entries.parts) yield* this.#expire(part, nowMs);
  }

  *#expire(part: ReadonlyMap<string, Entry>, nowMs: number): Generator<void> {
    for (const [key, { forgetAtMs }] of part) {
      if (forgetAtMs > nowMs) return;
      this.#entries.delete(key);
      yield;
    }
  }
}

/** Channel names have no control characters, so the NUL separates unambiguously. */
function entryKey(channel: ChannelName, key: string): string {
  return `${channel}\u0000${key}`;
}
