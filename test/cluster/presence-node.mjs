// @ts-check
/**
 * A node whose clients say themselves who they are, over Redis; with `asking` its broker keeps no presence, so that nodes
 * ask each other for theirs.
 */
import { redis } from '../../dist/brokers/redis/index.js';
import { channel, fanfare } from '../../dist/index.js';

const [url = '', kind = '', limits = '{}'] = process.argv.slice(2);

/** @type {import('../../dist/index.js').BrokerFactory} */
const withoutPresence = (ports) => {
  const broker = redis(url)(ports);
  return new Proxy(broker, {
    get(target, ability) {
      if (ability === 'presence') return undefined;
      const value = Reflect.get(target, ability);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};

const app = fanfare({
  broker: kind === 'asking' ? withoutPresence : redis(url),
  // safe: the test's clients say so
  auth: ({ data }) => ({ user: /** @type {{ user: string }} */ (data).user }),
  channels: { 'room:{n}': channel({ subscribe: 'user', presence: 'subscriber', joinLeave: true }) },
  limits: JSON.parse(limits),
});
const { url: address } = await app.listen(0, { api: { insecure: true } });
console.log(`listening on ${address}`);
