/** The store of functions in Redis: that of the broker, and what functions keep beside it. */

import * as v from 'valibot';
import type { BrokerPorts } from '../../brokers/ports.js';
import type { RedisOptions } from '../../brokers/redis/options.js';
import { script } from '../../brokers/redis/script.js';
import type { Clock } from '../../engine/ports/clock.js';
import type {
  ConnectionIndex,
  DeliveryOrder,
  FunctionStore,
  IndexKind,
  LateChannels,
  RevocationStore,
} from '../function-store.js';
import { decodeStanding, keyOfStanding, type Standing, standingOf, stands } from '../standing.js';
import { RestartableRedis } from './broker.js';
import { RedisConnections } from './connections.js';
import { deliveredPlace } from './lua.js';

/** Of a name without new connections: those in it have ended by then. */
const indexLifeMs = 3 * 3_600_000;
/** Longer than anybody waits for a delivery; afterwards places begin anew. */
const orderLifeMs = 300_000;

const names = v.array(v.string());

export class RedisFunctionStore implements FunctionStore {
  readonly broker: RestartableRedis;
  readonly connections: RedisConnections;
  readonly order: DeliveryOrder;
  readonly index: ConnectionIndex;
  readonly late: LateChannels;
  readonly revocations: RevocationStore;

  /** @throws FanfareError `ERR_CONFIG` */
  constructor(options: RedisOptions['url'] | RedisOptions, ports: BrokerPorts) {
    const broker = new RestartableRedis(options, ports);
    this.broker = broker;
    this.connections = new RedisConnections(broker);
    this.order = orderIn(broker);
    this.index = indexIn(broker);
    this.late = lateIn(broker);
    this.revocations = revocationsIn(broker, ports.clock);
  }
}

function orderIn(broker: RestartableRedis): DeliveryOrder {
  const delivered = script(deliveredPlace);
  const placeOf = (id: string) => broker.placeFor('fn-order', id);
  return {
    async place(id) {
      const { key, route } = placeOf(id);
      const [place] = await Promise.all([
        route.send(['HINCRBY', key, 'last', '1']),
        route.send(['PEXPIRE', key, `${orderLifeMs}`]),
      ]);
      return Number(place);
    },
    async isNext(id, place) {
      const { key, route } = placeOf(id);
      return Number((await route.send(['HGET', key, 'delivered'])) ?? 0) >= place - 1;
    },
    async delivered(id, place) {
      const { key, route } = placeOf(id);
      await route.run(delivered, [key], [`${place}`, `${orderLifeMs}`]);
    },
  };
}

function indexIn(broker: RestartableRedis): ConnectionIndex {
  const placeOf = (kind: IndexKind, name: string) => broker.placeFor(`fn-${kind}`, name);
  return {
    async add(kind, name, id) {
      const { key, route } = placeOf(kind, name);
      await Promise.all([route.send(['SADD', key, id]), route.send(['PEXPIRE', key, `${indexLifeMs}`])]);
    },
    async remove(kind, name, id) {
      const { key, route } = placeOf(kind, name);
      await route.send(['SREM', key, id]);
    },
    async members(kind, name) {
      const { key, route } = placeOf(kind, name);
      return v.parse(names, await route.send(['SMEMBERS', key]));
    },
  };
}

/** Members are a mark, a space and the channel. */
function lateIn(broker: RestartableRedis): LateChannels {
  const place = () => broker.placeFor('fn-late', 'all');
  return {
    async mark(channel, mark, nowMs) {
      const { key, route } = place();
      await route.send(['ZADD', key, `${Math.ceil(nowMs)}`, `${mark} ${channel}`]);
    },
    async unmark(channel, mark) {
      const { key, route } = place();
      await route.send(['ZREM', key, `${mark} ${channel}`]);
    },
    async before(atMs, limit) {
      const { key, route } = place();
      const members = await route.send(['ZRANGEBYSCORE', key, '-inf', `${atMs}`, 'LIMIT', '0', `${limit}`]);
      return v.parse(names, members).map((member) => {
        const space = member.indexOf(' ');
        return { mark: member.slice(0, space), channel: member.slice(space + 1) };
      });
    },
  };
}

/** A field for each. */
function revocationsIn(broker: RestartableRedis, clock: Clock): RevocationStore {
  const place = () => broker.placeFor('fn-revoked', 'all');
  const set = async (value: Standing) => {
    const { key, route } = place();
    await route.send(['HSET', key, keyOfStanding(value), JSON.stringify(value)]);
  };
  return {
    add: set,
    unblock: (user, atMs) => set({ kind: 'unblocked', user, atMs }),
    async all() {
      const { key, route } = place();
      const values = v.parse(names, await route.send(['HVALS', key])).flatMap(decodeStanding);
      const nowMs = clock.wallMs();
      const lapsed = values.filter((value) => !stands(value, nowMs)).map(keyOfStanding);
      if (lapsed.length > 0) await route.send(['HDEL', key, ...lapsed]);
      return standingOf(values, nowMs);
    },
  };
}
