/**
 * `fanfare/nats`: the broker over NATS and JetStream.
 *
 * @module fanfare/nats
 */

import type { Broker } from '../../engine/ports/broker.js';
import type { BrokerPorts } from '../ports.js';
import { NatsBroker } from './broker.js';
import type { NatsOptions } from './options.js';

export type { NatsOptions } from './options.js';

/**
 * Carries publications between nodes over NATS and keeps history in JetStream. Needs the packages
 * `@nats-io/transport-node` and `@nats-io/jetstream`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example
 * const app = fanfare({ broker: nats('nats://localhost:4222'), channels });
 */
export function nats(options: NatsOptions['url'] | NatsOptions): (ports: BrokerPorts) => Broker {
  return (ports) => new NatsBroker(options, ports);
}
