/** The clients in each channel, in memory. */

import type { PresenceStats, PresenceStore } from '../../engine/ports/broker.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { ClientInfo } from '../../model/publication.js';
import { SplitMap } from './split-map.js';

/** Entries of all channels together. */
interface PresenceUsage {
  entries: number;
}

/** One channel: its entries in the order of expiry, since all live equally long, and the entries of each user. */
class Members {
  readonly #entries = new Map<string, { readonly info: ClientInfo; readonly goneAtMs: number }>();
  readonly #clientsOf = new Map<string, number>();

  constructor(private readonly usage: PresenceUsage) {}

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get stats(): PresenceStats {
    return { numClients: this.#entries.size, numUsers: this.#clientsOf.size };
  }

  set(info: ClientInfo, goneAtMs: number): void {
    this.delete(info.client);
    this.#entries.set(info.client, { info, goneAtMs });
    this.usage.entries++;
    this.#clientsOf.set(info.user, (this.#clientsOf.get(info.user) ?? 0) + 1);
  }

  delete(client: string): void {
    const entry = this.#entries.get(client);
    if (entry === undefined) return;
    this.#entries.delete(client);
    this.usage.entries--;
    const { user } = entry.info;
    const left = (this.#clientsOf.get(user) ?? 1) - 1;
    if (left === 0) this.#clientsOf.delete(user);
    else this.#clientsOf.set(user, left);
  }

  first(limit: number): ClientInfo[] {
    const clients: ClientInfo[] = [];
    for (const { info } of this.#entries.values()) {
      if (clients.length >= limit) break;
      clients.push(info);
    }
    return clients;
  }

  expire(nowMs: number): void {
    for (const [client, { goneAtMs }] of this.#entries) {
      if (goneAtMs > nowMs) return;
      this.delete(client);
    }
  }
}

export class MemoryPresence implements PresenceStore {
  readonly #channels = new SplitMap<ChannelName, Members>();
  readonly #usage: PresenceUsage = { entries: 0 };

  constructor(private readonly clock: Clock) {}

  /** Entries, including expired ones that have not been swept yet. */
  get size(): number {
    return this.#usage.entries;
  }

  async add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void> {
    let members = this.#channels.get(channel);
    if (members === undefined) {
      members = new Members(this.#usage);
      this.#channels.set(channel, members);
    }
    members.set(info, this.clock.nowMs() + ttlMs);
  }

  async remove(channel: ChannelName, client: string): Promise<void> {
    const members = this.#channels.get(channel);
    members?.delete(client);
    if (members?.isEmpty) this.#channels.delete(channel);
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    return this.#alive(channel)?.first(limit) ?? [];
  }

  async stats(channel: ChannelName): Promise<PresenceStats> {
    return this.#alive(channel)?.stats ?? { numClients: 0, numUsers: 0 };
  }

  /** Drops expired entries, one channel at each step. */
  *sweep(): Generator<void> {
    for (const [channel] of this.#channels) {
      this.#alive(channel);
      yield;
    }
  }

  clear(): void {
    this.#channels.clear();
    this.#usage.entries = 0;
  }

  #alive(channel: ChannelName): Members | undefined {
    const members = this.#channels.get(channel);
    members?.expire(this.clock.nowMs());
    if (members?.isEmpty) this.#channels.delete(channel);
    return members;
  }
}
