/** `fanfare/redis`: the broker over Redis, Valkey and what else speaks their protocol. */

import type { Broker } from '../../engine/broker.js';
import type { Clock, Random } from '../../engine/clock.js';
import type { Logger } from '../../engine/logger.js';
import { RedisBroker } from './broker.js';
import type { RedisOptions } from './options.js';

export type { RedisOptions } from './options.js';

interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Carries publications between nodes and keeps history and presence in Redis 7. Needs the package `@redis/client`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example
 * const app = fanfare({ broker: redis('redis://localhost:6379'), channels });
 */
export function redis(options: RedisOptions['url'] | RedisOptions): (ports: Ports) => Broker {
  return (ports) => new RedisBroker(options, ports);
}
