/** The broker that a configuration names. */

import { nats } from '../brokers/nats/index.js';
import { rabbitmq } from '../brokers/rabbitmq/index.js';
import { redis } from '../brokers/redis/index.js';
import type { OptionValues } from '../config/options.js';
import { FanfareError } from '../model/fanfare-error.js';
import { memory } from './memory.js';
import type { BrokerFactory } from './options.js';

/** @throws FanfareError `ERR_CONFIG`, without what may be a password */
export function brokerOf(values: OptionValues): BrokerFactory {
  const { broker } = values;
  const scheme = broker.split('://', 1)[0] ?? '';
  switch (scheme) {
    case 'memory':
      return memory({ maxHistoryBytes: values['memory.maxHistoryBytes'] });
    case 'nats':
    case 'tls':
      return nats({
        url: broker,
        prefix: values['nats.prefix'],
        replicas: values['nats.replicas'],
        ...(values['nats.credentialsFile'] !== undefined && { credentialsFile: values['nats.credentialsFile'] }),
      });
    case 'amqp':
    case 'amqps':
      return rabbitmq({
        url: broker.trim(),
        prefix: values['rabbitmq.prefix'],
        history: values['rabbitmq.history'],
      });
    default:
      if (/^(redis|valkey)s?(\+\w+)?$/.test(scheme)) {
        return redis({ url: broker.trim().split(/\s+/), prefix: values['redis.prefix'] });
      }
      throw new FanfareError('ERR_CONFIG', `broker: no broker is called ${scheme}`);
  }
}
