/** The NATS client, loaded only when a NATS broker starts. */

import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { FanfareError } from '../../model/fanfare-error.js';

export type Connection = NatsConnection;

/** Both packages. */
export interface Library {
  readonly transport: typeof import('@nats-io/transport-node');
  readonly jetStream: typeof import('@nats-io/jetstream');
}

/** A connection, and what JetStream offers through it. */
export interface Client {
  readonly connection: Connection;
  readonly appends: JetStreamClient;
  readonly streams: JetStreamManager;
  headers(fields: Readonly<Record<string, string>>): MsgHdrs;
}

/** @throws FanfareError `ERR_CONFIG` when they are not installed */
export async function loadLibrary(): Promise<Library> {
  try {
    const [transport, jetStream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
    return { transport, jetStream };
  } catch (error) {
    throw new FanfareError(
      'ERR_CONFIG',
      'the NATS broker needs packages: npm install @nats-io/transport-node @nats-io/jetstream',
      { cause: error },
    );
  }
}
