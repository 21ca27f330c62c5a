/** Names of exchanges, queues and routing keys. */

import { FanfareError } from '../../model/fanfare-error.js';

const prefixPattern = /^[\w.:/-]{1,64}$/;

/**
 * Two exchanges. Routing keys of the first are only channel names, so they cannot collide with others. Both are of type
 * `direct`: a key is compared as a whole, without special characters, and AMQP permits keys of 255 bytes, the size of
 * the largest channel name.
 */
export class Names {
  /** Publications, joins and leaves of channels. */
  readonly publications: string;
  /** Messages of nodes to others and to themselves. */
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

  /** The queues of a node's connection; a new connection gets new ones, since the old ones may live a while longer. */
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

  /** An exclusive queue, never written to, of the node that checks {@link alive} and sets it. */
  get turn(): string {
    return `${this.prefix}.turn`;
  }

  /** Messages that the server dropped for a node, by {@link nodes}. */
  lost(id: string): string {
    return `lost.${id}`;
  }
}
