/** The broker that a configuration names. */

import { nats } from '../brokers/nats/index.js';
import { rabbitmq } from '../brokers/rabbitmq/index.js';
import { redis } from '../brokers/redis/index.js';
import { type BrokerName, brokerNameOf } from '../config/broker-kinds.js';
import type { OptionValues } from '../config/options.js';
import { FanfareError } from '../model/fanfare-error.js';
import { memory } from './memory.js';
import type { BrokerFactory } from './options.js';

/** Each is made from the options that begin with its name. */
const makers: Readonly<Record<BrokerName, (address: string, values: OptionValues) => BrokerFactory>> = {
  memory: (_, values) =>
    memory({ maxHistoryBytes: values['memory.maxHistoryBytes'], maxMapBytes: values['memory.maxMapBytes'] }),
  redis: (address, values) => redis({ url: address.split(/\s+/), prefix: values['redis.prefix'] }),
  nats: (url, values) =>
    nats({
      url,
      prefix: values['nats.prefix'],
      replicas: values['nats.replicas'],
      ...(values['nats.credentialsFile'] !== undefined && { credentialsFile: values['nats.credentialsFile'] }),
    }),
  rabbitmq: (url, values) => rabbitmq({ url, prefix: values['rabbitmq.prefix'], history: values['rabbitmq.history'] }),
};

/** @throws FanfareError `ERR_CONFIG`, without possible passwords */
export function brokerOf(values: OptionValues): BrokerFactory {
  const address = values.broker.trim();
  const name = brokerNameOf(address);
  if (name === undefined)
    throw new FanfareError('ERR_CONFIG', `broker: no broker is called ${address.split('://', 1)[0]}`);
  return makers[name](address, values);
}
