/** Maps channels to Redis servers. */

import { hashOf } from '../../engine/cluster/seats/name-hash.js';
import type { KeptKinds } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { controlTag } from './keys.js';
import type { Route } from './route.js';
import type { Shard } from './shard.js';

export interface Topology {
  /** @throws FanfareError `ERR_BROKER` when a server cannot be reached in time */
  start(): Promise<void>;
  routeOf(channel: ChannelName): Route;
  /** The route for messages between nodes. */
  controlRoute(): Route;
  /** Resolves when a message has come back through each server. */
  probe(): Promise<void>;
  /** Resolves when each server has stored something. */
  probeKeeping(kinds: KeptKinds): Promise<void>;
  close(): void;
}

/** @throws FanfareError `ERR_CONFIG` without any shard */
export function topologyOf(shards: readonly Shard[]): Topology {
  const [first] = shards;
  if (first === undefined) throw new FanfareError('ERR_CONFIG', 'redis: there is no address');
  return new HashedTopology(shards, first);
}

/**
 * Each channel is on the server whose name, hashed with the channel's, gives the highest number (rendezvous hashing):
 * an additional server takes its share from all others and moves nothing between them.
 */
class HashedTopology implements Topology {
  constructor(
    private readonly all: readonly Shard[],
    private readonly first: Shard,
  ) {}

  async start(): Promise<void> {
    try {
      await Promise.all(this.all.map((shard) => shard.start()));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  routeOf(channel: ChannelName): Route {
    return this.#best(channel);
  }

  controlRoute(): Route {
    return this.#best(controlTag);
  }

  async probe(): Promise<void> {
    await Promise.all(this.all.map((shard) => shard.probe()));
  }

  async probeKeeping(kinds: KeptKinds): Promise<void> {
    await Promise.all(this.all.map((shard) => shard.probeKeeping(kinds)));
  }

  close(): void {
    for (const shard of this.all) shard.close();
  }

  #best(name: string): Shard {
    if (this.all.length === 1) return this.first;
    let best = this.first;
    let highest = -1;
    for (const shard of this.all) {
      const weight = hashOf(`${shard.name} ${name}`);
      if (weight <= highest) continue;
      highest = weight;
      best = shard;
    }
    return best;
  }
}
