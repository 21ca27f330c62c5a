/** Connects to one of the cluster's servers in an address, trying them one by one. */

import { FanfareError } from '../../model/fanfare-error.js';
import type { Address } from './address.js';
import type { Connection, Library } from './client-library.js';

/**
 * AMQP's own heartbeat, in seconds; after two without an answer either side closes the connection. The link's heartbeat
 * is more frequent; this one is for connections that the server has blocked.
 */
const heartbeatSec = 5;

export class Dialer {
  #next = 0;

  constructor(
    private readonly address: Address,
    private readonly load: () => Promise<Library>,
    private readonly timeoutMs: number,
  ) {}

  /** @throws FanfareError `ERR_CONFIG` without the library, and the error of the last server */
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
          // The link's time-out is shared by all servers.
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

/** Destroys the socket. A regular close waits for an answer, which a dead server does not send. */
export function destroy(connection: Connection): void {
  // safe: amqplib has the socket there, and no other way to get it
  const { stream } = connection.connection as unknown as { readonly stream: { destroy(error: Error): void } };
  // There may be no other listener now.
  connection.on('error', () => undefined);
  stream.destroy(new Error('the connection is given up'));
}
