// @ts-check
/** A node of Fanfare from the built package, with the requested broker. */
import { channel, fanfare, jwt } from 'fanfare';
import { packageVersion } from '../servers/package-version.mjs';
import { SECRET } from '../shared/credentials.mjs';
import { LocalBroker, MemoryBroker } from './built.mjs';
import { hostNode } from './node-host.mjs';

/** @typedef {import('fanfare').BrokerFactory} BrokerFactory */

/** Broker packages are loaded only if they are measured. @type {Record<string, (url: string) => Promise<BrokerFactory>>} */
const BROKERS = {
  memory: async () => (ports) => new MemoryBroker(ports),
  local:
    async (path) =>
    ({ clock }) =>
      new LocalBroker({ path, clock }),
  redis: async (url) => (await import('fanfare/redis')).redis(url),
  nats: async (url) => (await import('fanfare/nats')).nats(url),
  rabbitmq: async (url) => (await import('fanfare/rabbitmq')).rabbitmq(url),
};

hostNode(async ({ broker: name, url, history }) => {
  const make = await BROKERS[name]?.(url);
  if (!make) throw new Error(`no broker ${name}`);
  let reached = 0;
  const app = fanfare({
    auth: jwt({ secret: SECRET }),
    broker: counted(make, () => {
      reached += 1;
    }),
    channels: { 'bench:{id}': channel({ subscribe: 'user', ...(history && { history: { size: 100, ttl: '5m' } }) }) },
  });
  // Resolves when the broker is connected too.
  const { url: address } = await app.listen(0);
  return {
    version: packageVersion('fanfare'),
    port: Number(new URL(address).port),
    publish: (name, data) => app.publish(/** @type {`bench:${string}`} */ (name), data),
    reached: () => reached,
  };
});

/**
 * The same broker, counting the publications that it delivers.
 * @param {BrokerFactory} make
 * @param {() => void} onPublication
 * @returns {BrokerFactory}
 */
function counted(make, onPublication) {
  return (ports) => {
    const broker = make(ports);
    const start = broker.start.bind(broker);
    broker.start = (events) =>
      start({
        onPublication(channel, publication, epoch) {
          onPublication();
          events.onPublication(channel, publication, epoch);
        },
        onJoin: (channel, info) => events.onJoin(channel, info),
        onLeave: (channel, info) => events.onLeave(channel, info),
        onInterrupted: (channels) => events.onInterrupted?.(channels),
      });
    return broker;
  };
}
