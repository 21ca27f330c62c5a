/** The NATS client, loaded only when a NATS broker starts. */

import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { loadPackages } from '../needed-package.js';

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
export function loadLibrary(): Promise<Library> {
  return loadPackages('NATS', ['@nats-io/transport-node', '@nats-io/jetstream'], async () => ({
    transport: await import('@nats-io/transport-node'),
    jetStream: await import('@nats-io/jetstream'),
  }));
}
