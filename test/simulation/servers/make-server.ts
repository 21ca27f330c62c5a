/** Makes the model of a broker's server. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import { BrokerNet } from '../network/broker-net.js';
import { SimProcess } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';
import type { BrokerKind, BrokerServer, ServerPorts } from './broker-server.js';
import { MemoryServer } from './memory/memory-server.js';
import { NatsServer } from './nats/nats-server.js';
import { RabbitmqServer } from './rabbitmq/rabbitmq-server.js';
import { RedisServer } from './redis/redis-server.js';

export function makeServer(
  kind: BrokerKind,
  time: VirtualTime,
  random: SeededRandom,
  options: Pick<ServerPorts, 'lua'> = {},
): BrokerServer {
  if (kind === 'memory') return new MemoryServer();
  const net = new BrokerNet(time, random, new SimProcess(kind, time));
  switch (kind) {
    case 'redis':
      return new RedisServer({ net, random, ...options });
    case 'nats':
      return new NatsServer({ net, random });
    case 'rabbitmq':
      return new RabbitmqServer({ net, random });
  }
}
