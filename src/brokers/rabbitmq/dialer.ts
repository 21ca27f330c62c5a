/** Makes connections to the nodes of the cluster that an address names, one after the other. */

import { FanfareError } from '../../model/fanfare-error.js';
import type { Address } from './address.js';
import type { Connection, Library } from './client-library.js';

/**
 * What AMQP itself says about a connection that is silent, in seconds; after two of them it is given up by whichever end
 * notices. A link asks more often, and this is for when it cannot: while the server has blocked it.
 */
const heartbeatSec = 5;

export class Dialer {
  #next = 0;

  constructor(
    private readonly address: Address,
    private readonly load: () => Promise<Library>,
    private readonly timeoutMs: number,
  ) {}

  /** @throws FanfareError `ERR_CONFIG` without the library, and what the last of the nodes has failed with */
  async dial(): Promise<Connection> {
    const { connect } = await this.load();
    const { endpoints, tls, username, password, virtualHost } = this.address;
    let cause: unknown;
    for (let tried = 0; tried < endpoints.length; tried++) {
      const { host, port } = endpoints[this.#next % endpoints.length] ?? endpoints[0];
      try {
        return await connect(
          {
            protocol: tls ? 'amqps' : 'amqp',
            hostname: host,
            port,
            username,
            password,
            vhost: encodeURIComponent(virtualHost),
            heartbeat: heartbeatSec,
          },
          // The others have to be tried as well in the time that a link gives all of them.
          { noDelay: true, timeout: Math.max(500, this.timeoutMs / (endpoints.length + 1)) },
        );
      } catch (error) {
        cause = error;
        this.#next++;
      }
    }
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FanfareError('ERR_BROKER', `no node of the cluster can be reached: ${message}`, { cause });
  }
}

/** Ends the socket at once. To close a connection in good order takes an answer, which the dead do not give. */
export function destroy(connection: Connection): void {
  // safe: amqplib keeps the socket there, and offers no other way to it
  const { stream } = connection.connection as unknown as { readonly stream: { destroy(error: Error): void } };
  // Nobody else may listen yet, or any more.
  connection.on('error', () => undefined);
  stream.destroy(new Error('the connection is given up'));
}
