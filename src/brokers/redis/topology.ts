/** Which Redis server has a channel. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Shard } from './shard.js';

export interface Topology {
  /** @throws FanfareError `ERR_BROKER` when no server can be reached in time */
  start(): Promise<void>;
  shardOf(channel: ChannelName): Shard;
  /** Through which nodes speak with each other. */
  controlShard(): Shard;
  shards(): Iterable<Shard>;
  close(): void;
}

/** All channels are on one server. */
export class SingleTopology implements Topology {
  constructor(private readonly shard: Shard) {}

  start(): Promise<void> {
    return this.shard.start();
  }

  shardOf(): Shard {
    return this.shard;
  }

  controlShard(): Shard {
    return this.shard;
  }

  shards(): Iterable<Shard> {
    return [this.shard];
  }

  close(): void {
    this.shard.close();
  }
}
