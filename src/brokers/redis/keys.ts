/** Names of keys and pub/sub channels, unique to a channel, and all of one channel in one slot. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';

const prefixPattern = /^[\w.:/-]{1,64}$/;
const escapes: Readonly<Record<string, string>> = { '%': '%25', '{': '%7B', '}': '%7D' };

/** In the order of the presence functions' keys. */
const presenceKinds = ['clients', 'members', 'users'] as const;
/** In the order of the map functions' keys. */
const mapKinds = ['order', 'values', 'ends'] as const;

/** In the order of the answer functions' keys. */
const answerKinds = ['answers:order', 'answers:values', 'answers:ends'] as const;

/** The hash tag of messages between nodes. */
export const controlTag = 'control';

/** A name is `prefix:kind:{channel}`; the braces make the channel the hash tag. */
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

  /** In the order of the presence functions' keys. */
  presence(channel: ChannelName): string[] {
    const name = tag(channel);
    return presenceKinds.map((kind) => `${this.prefix}:${kind}:${name}`);
  }

  /** In the order of the map functions' keys. */
  map(channel: ChannelName): string[] {
    const name = tag(channel);
    return mapKinds.map((kind) => `${this.prefix}:${kind}:${name}`);
  }

  /** Of something that is no channel's. */
  other(kind: string, name: string): string {
    return `${this.prefix}:${kind}:${tag(name)}`;
  }

  /** In the order of the answer functions' keys. */
  answers(channel: ChannelName): string[] {
    const name = tag(channel);
    return answerKinds.map((kind) => `${this.prefix}:${kind}:${name}`);
  }

  /** The sharded pub/sub channel. */
  bus(channel: ChannelName): string {
    return `${this.prefix}:bus:${tag(channel)}`;
  }

  /** The pub/sub channel of one node, or of all, in one slot. */
  control(nodeId = ''): string {
    return `${this.prefix}:control:{${controlTag}}:${nodeId}`;
  }

  /**
   * A pub/sub channel that only this node subscribes to; not a channel's, where % begins an encoded byte. It has the
   * prefix of channels, so that the same permissions apply.
   */
  probe(id: string): string {
    return `${this.prefix}:bus:{%-${id}}`;
  }

  /** Keys that a probe writes, in the slot of {@link probe} and of the same types as channels' keys. */
  probed(bus: string): ProbeKeys {
    const name = bus.slice(bus.lastIndexOf('{'));
    return {
      place: `${this.prefix}:place:${name}`,
      stream: `${this.prefix}:stream:${name}`,
      once: `${this.prefix}:once:${name}:`,
      presence: presenceKinds.map((kind) => `${this.prefix}:${kind}:${name}`),
    };
  }
}

interface ProbeKeys {
  readonly place: string;
  readonly stream: string;
  readonly once: string;
  readonly presence: readonly string[];
}

function tag(name: string): string {
  return `{${name.replace(/[%{}]/g, (char) => escapes[char] ?? char)}}`;
}
