/** Names of exchanges, queues and routing keys. */

import { FanfareError } from '../../model/fanfare-error.js';

const prefixPattern = /^[\w.:/-]{1,64}$/;

/**
 * Two exchanges. Routing keys of the one are names of channels and nothing else, so no channel can be taken for anything
 * else. Both are of type `direct`: a key is compared as a whole and nothing in it means more than itself, and a channel
 * name, of at most 255 bytes, is as long as AMQP lets a key be.
 */
export class Names {
  /** What is published in channels, and who comes and goes there. */
  readonly publications: string;
  /** What nodes say to each other and to themselves. */
  readonly nodes: string;
  /** To all nodes, by {@link nodes}. */
  readonly everyone = 'all';

  /** @throws FanfareError `ERR_CONFIG` */
  constructor(readonly prefix: string) {
    if (!prefixPattern.test(prefix)) {
      throw new FanfareError('ERR_CONFIG', 'rabbitmq prefix: write 1 to 64 letters, digits and . : / _ -');
    }
    this.publications = `${prefix}.publications`;
    this.nodes = `${prefix}.nodes`;
  }

  /** To one node, by {@link nodes}. */
  node(id: string): string {
    return `node.${id}`;
  }

  /** The queues of one connection of one node; a new connection has new ones, for the old may live a while longer. */
  queues(id: string): { readonly publications: string; readonly control: string; readonly lost: string } {
    const name = (kind: string) => `${this.prefix}.${kind}.${id}`;
    return { publications: name('node'), control: name('control'), lost: name('lost') };
  }

  /** To both queues of a node itself, by {@link nodes}. */
  probe(id: string): string {
    return `probe.${id}`;
  }

  /** The stream with the publications of all channels that have history; also its routing key, by {@link nodes}. */
  get log(): string {
    return `${this.prefix}.log`;
  }

  /** A queue whose only message does not survive a restart of the server; also its routing key, by {@link nodes}. */
  get alive(): string {
    return `${this.prefix}.alive`;
  }

  /** What the server had to drop for a node, by {@link nodes}. */
  lost(id: string): string {
    return `lost.${id}`;
  }
}
