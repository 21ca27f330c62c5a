/** Names of keys and pub/sub channels: no channel's keys can be another's, and all of one channel are in one slot. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';

const prefixPattern = /^[\w.:/-]{1,64}$/;
const escapes: Readonly<Record<string, string>> = { '%': '%25', '{': '%7B', '}': '%7D' };

/** Where all that nodes say to each other is. */
export const controlTag = 'control';

/** A name is `prefix:kind:{channel}`; the braces make its hash tag, so the channel has none of its own. */
export class Keys {
  /** @throws FanfareError `ERR_CONFIG` */
  constructor(readonly prefix: string) {
    if (!prefixPattern.test(prefix)) {
      throw new FanfareError('ERR_CONFIG', 'redis prefix: write 1 to 64 letters, digits and . : / _ -');
    }
  }

  place(channel: ChannelName): string {
    return `${this.prefix}:place:${tag(channel)}`;
  }

  stream(channel: ChannelName): string {
    return `${this.prefix}:stream:${tag(channel)}`;
  }

  idempotency(channel: ChannelName, key: string): string {
    return `${this.prefix}:once:${tag(channel)}:${key}`;
  }

  /** In the order in which the presence functions take them. */
  presence(channel: ChannelName): string[] {
    const name = tag(channel);
    return ['clients', 'members', 'users'].map((kind) => `${this.prefix}:${kind}:${name}`);
  }

  /** The sharded pub/sub channel. */
  bus(channel: ChannelName): string {
    return `${this.prefix}:bus:${tag(channel)}`;
  }

  /** The pub/sub channel of one node, or of all, in one slot. */
  control(nodeId = ''): string {
    return `${this.prefix}:control:{${controlTag}}:${nodeId}`;
  }

  /** A pub/sub channel that only this node listens to. */
  probe(id: string): string {
    return `${this.prefix}:probe:{${id}}`;
  }
}

function tag(channel: ChannelName): string {
  return `{${channel.replace(/[%{}]/g, (char) => escapes[char] ?? char)}}`;
}
