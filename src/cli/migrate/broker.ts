/** Translates engine and broker of Centrifugo to one broker. Stored data is not taken over: its format differs. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isUnset, listed, textOf } from './values.js';

export function addBroker(options: Fields, draft: Draft): void {
  const engine = fieldsOf(options.engine);
  const own = fieldsOf(options.broker);
  const [from, used] = own.enabled === true ? ['broker', own] : ['engine', engine];
  const type = textOf(used.type) || 'memory';
  if (type === 'memory') return;
  if (type === 'redis') addRedis(fieldsOf(used.redis), `${from}.redis`, draft);
  else if (type === 'nats') addNats(fieldsOf(used.nats), `${from}.nats`, draft);
  else {
    draft.refuse(`${from}.type`, `"${type}" is none of memory, redis, nats, rabbitmq`);
    return;
  }
  draft.change(`${from}.type`, 'what is kept there now is not taken over: all channels begin a new epoch');
}

function addRedis(redis: Fields, from: string, draft: Draft): void {
  const addresses = strings(redis.address);
  const clusters = strings(redis.cluster_address);
  const sentinels = strings(redis.sentinel_address);
  if (redis.tls && fieldsOf(redis.tls).enabled === true) {
    draft.change(`${from}.tls`, 'write rediss:// in the address; certificates are those that Node trusts');
  }
  const { prefix } = redis;
  if (!isUnset(prefix) && prefix !== 'centrifugo') draft.set('redis.prefix', prefix);
  const account = accountOf(redis);
  const database = isUnset(redis.db) ? '' : `/${textOf(redis.db)}`;
  if (sentinels.length > 0) {
    draft.set(
      'broker',
      `redis+sentinel://${account}${sentinels.map(hostOf).join(',')}/${textOf(redis.sentinel_master_name)}`,
    );
  } else if (clusters.length > 0) {
    draft.set('broker', `redis+cluster://${account}${clusters.map(hostOf).join(',')}`);
  } else {
    const all = addresses.length === 0 ? ['127.0.0.1:6379'] : addresses;
    const urls = all.map((address) => (address.includes('://') ? address : `redis://${account}${address}${database}`));
    draft.set('broker', urls.join(' '));
  }
}

function addNats(nats: Fields, from: string, draft: Draft): void {
  draft.set('broker', textOf(nats.url) || 'nats://localhost:4222');
  if (nats.allow_wildcards === true) draft.refuse(`${from}.allow_wildcards`, 'names of channels are no wildcards');
  if (fieldsOf(nats.raw_mode).enabled === true)
    draft.refuse(`${from}.raw_mode`, 'others cannot publish into NATS directly');
}

/** User and password, escaped for an address. */
function accountOf({ user, password }: Fields): string {
  if (isUnset(password)) return '';
  return `${encodeURIComponent(textOf(user))}:${encodeURIComponent(textOf(password))}@`;
}

function hostOf(address: string): string {
  return address.replace(/^[a-z+]+:\/\//, '').replace(/\/.*$/, '');
}

function strings(value: unknown): string[] {
  const list = listed(value);
  return Array.isArray(list)
    ? list
        .map(textOf)
        .flatMap((text) => text.split(','))
        .filter(Boolean)
    : [];
}
