/** The brokers that a fleet can have, each a server that the test starts. */

import { nats } from '../../../src/brokers/nats/index.js';
import { rabbitmq } from '../../../src/brokers/rabbitmq/index.js';
import { redis } from '../../../src/brokers/redis/index.js';
import type { BrokerFactory } from '../../../src/index.js';
import { NatsServer, natsIsMissing } from './nats-server.js';
import { RabbitmqServer, rabbitmqIsMissing } from './rabbitmq-server.js';
import { RedisServer, redisIsMissing } from './redis-server.js';

export interface BrokerServerKind {
  readonly isMissing: () => boolean;
  readonly start: () => Promise<AsyncDisposable & { readonly url: string }>;
  /** The `broker` option of an application. */
  readonly at: (url: string) => BrokerFactory;
}

export const brokerServers = {
  redis: { isMissing: redisIsMissing, start: () => RedisServer.start(), at: redis },
  nats: { isMissing: natsIsMissing, start: () => NatsServer.start(), at: nats },
  rabbitmq: { isMissing: rabbitmqIsMissing, start: () => RabbitmqServer.start(), at: rabbitmq },
} as const satisfies Record<string, BrokerServerKind>;
