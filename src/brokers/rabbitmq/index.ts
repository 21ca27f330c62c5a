/**
 * `fanfare/rabbitmq`: the broker over RabbitMQ.
 *
 * @module fanfare/rabbitmq
 */

import type { Broker } from '../../engine/ports/broker.js';
import type { BrokerPorts } from '../ports.js';
import { RabbitmqBroker } from './broker.js';
import type { RabbitmqOptions } from './options.js';

export type { RabbitmqOptions } from './options.js';

/**
 * Carries publications between nodes through RabbitMQ. Needs the package `amqplib`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example
 * const app = fanfare({ broker: rabbitmq('amqp://localhost'), channels });
 */
export function rabbitmq(options: string | RabbitmqOptions): (ports: BrokerPorts) => Broker {
  return (ports) => new RabbitmqBroker(options, ports);
}
