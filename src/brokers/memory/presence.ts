/** Who is in which channel, in memory. */

import type { PresenceStats, PresenceStore } from '../../engine/broker.js';
import type { Clock } from '../../engine/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { ClientInfo } from '../../model/publication.js';

interface Entry {
  readonly info: ClientInfo;
  readonly goneAtMs: number;
}

export class MemoryPresence implements PresenceStore {
  readonly #channels = new Map<ChannelName, Map<string, Entry>>();

  constructor(private readonly clock: Clock) {}

  async add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void> {
    let entries = this.#channels.get(channel);
    if (entries === undefined) {
      entries = new Map();
      this.#channels.set(channel, entries);
    }
    // Taken out first, so that the map stays in the order of expiry while all entries live equally long.
    entries.delete(info.client);
    entries.set(info.client, { info, goneAtMs: this.clock.nowMs() + ttlMs });
  }

  async remove(channel: ChannelName, client: string): Promise<void> {
    const entries = this.#channels.get(channel);
    if (entries?.delete(client) && entries.size === 0) this.#channels.delete(channel);
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    const clients: ClientInfo[] = [];
    for (const { info } of this.#alive(channel)) {
      if (clients.length >= limit) break;
      clients.push(info);
    }
    return clients;
  }

  async stats(channel: ChannelName): Promise<PresenceStats> {
    const users = new Set<string>();
    let numClients = 0;
    for (const { info } of this.#alive(channel)) {
      numClients++;
      users.add(info.user);
    }
    return { numClients, numUsers: users.size };
  }

  /** Drops what has expired everywhere. */
  sweep(): void {
    const nowMs = this.clock.nowMs();
    for (const [channel, entries] of this.#channels) {
      for (const [client, { goneAtMs }] of entries) if (goneAtMs <= nowMs) entries.delete(client);
      if (entries.size === 0) this.#channels.delete(channel);
    }
  }

  clear(): void {
    this.#channels.clear();
  }

  *#alive(channel: ChannelName): Generator<Entry> {
    const nowMs = this.clock.nowMs();
    for (const entry of this.#channels.get(channel)?.values() ?? []) if (entry.goneAtMs > nowMs) yield entry;
  }
}
