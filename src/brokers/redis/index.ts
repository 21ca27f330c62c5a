/**
 * `fanfare/redis`: the broker over Redis, Valkey and compatible servers.
 *
 * @module fanfare/redis
 */

import type { Broker } from '../../engine/ports/broker.js';
import type { BrokerPorts } from '../ports.js';
import { RedisBroker } from './broker.js';
import type { RedisOptions } from './options.js';

export type { RedisOptions } from './options.js';

/**
 * Carries publications between nodes and keeps history and presence in Redis 7. Needs the package `@redis/client`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example
 * const app = fanfare({ broker: redis('redis://localhost:6379'), channels });
 */
export function redis(options: RedisOptions['url'] | RedisOptions): (ports: BrokerPorts) => Broker {
  return (ports) => new RedisBroker(options, ports);
}
