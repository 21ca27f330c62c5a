/** Connections in Redis: a hash for each, and one sorted set of when somebody has to look at them. */

import * as v from 'valibot';
import { time } from '../../brokers/redis/lua/time.js';
import { type Script, script } from '../../brokers/redis/script.js';
import type { ConnectionStore, Taken, VisitRequest } from '../function-store.js';
import type { RestartableRedis } from './broker.js';
import { holdConnection, intendConnection, leaveConnection, removeConnection, takeConnection } from './lua.js';

/** Longer than a connection of API Gateway lives, for what nobody removes. */
const lifeMs = 3 * 3_600_000;

const answer = v.union([
  v.tuple([v.picklist(['absent', 'repeated'])]),
  v.tuple([v.picklist(['busy', 'early']), v.pipe(v.string(), v.transform(Number))]),
  v.tuple([v.literal('taken'), v.string(), v.picklist(['0', '1']), v.string()]),
]);
const names = v.array(v.string());

export class RedisConnections implements ConnectionStore {
  readonly #broker: RestartableRedis;
  readonly #scripts = {
    take: script(time, takeConnection),
    hold: script(time, holdConnection),
    intend: script(intendConnection),
    leave: script(leaveConnection),
    remove: script(removeConnection),
  };

  constructor(broker: RestartableRedis) {
    this.#broker = broker;
  }

  async add(id: string, state: string, dueAtMs: number): Promise<void> {
    // First: whatever has a hash is looked at one day.
    await this.#setDue(id, dueAtMs);
    const { key, route } = this.#placeOf(id);
    await Promise.all([route.send(['HSETNX', key, 'state', state]), route.send(['PEXPIRE', key, `${lifeMs}`])]);
  }

  async take(id: string, { lease, leaseMs, event }: VisitRequest): Promise<Taken> {
    const args = [
      lease,
      `${Math.ceil(leaseMs)}`,
      event?.id ?? '',
      `${event?.firstCommand ?? 0}`,
      `${event?.lastCommand ?? 0}`,
      event?.isPatient === true ? '1' : '0',
    ];
    const taken = v.parse(answer, await this.#run('take', id, args));
    if (taken[0] === 'busy' || taken[0] === 'early') return { kind: taken[0], lastCommand: taken[1] };
    if (taken[0] !== 'taken') return { kind: taken[0] };
    const [, state, isLeased, intended] = taken;
    return { kind: 'taken', state, isSuspect: isLeased === '1', intended: intended.split('\n').slice(0, -1) };
  }

  async hold(id: string, lease: string, leaseMs: number): Promise<boolean> {
    return (await this.#run('hold', id, [lease, `${Math.ceil(leaseMs)}`])) === 1;
  }

  async intend(id: string, lease: string, channel: string): Promise<void> {
    await this.#run('intend', id, [lease, channel]);
  }

  async leave(id: string, lease: string, state: string, dueAtMs: number): Promise<boolean> {
    const [left] = await Promise.all([this.#run('leave', id, [lease, state, `${lifeMs}`]), this.#setDue(id, dueAtMs)]);
    return left === 1;
  }

  async remove(id: string, lease: string): Promise<boolean> {
    const isRemoved = (await this.#run('remove', id, [lease])) === 1;
    if (isRemoved) await this.notDue(id);
    return isRemoved;
  }

  async due(nowMs: number, limit: number): Promise<readonly string[]> {
    const { key, route } = this.#due;
    return v.parse(names, await route.send(['ZRANGEBYSCORE', key, '-inf', `${nowMs}`, 'LIMIT', '0', `${limit}`]));
  }

  async notDue(id: string): Promise<void> {
    const { key, route } = this.#due;
    await route.send(['ZREM', key, id]);
  }

  async #setDue(id: string, atMs: number): Promise<void> {
    const { key, route } = this.#due;
    await route.send(['ZADD', key, `${Math.ceil(atMs)}`, id]);
  }

  get #due() {
    return this.#broker.placeFor('fn-due', 'all');
  }

  #placeOf(id: string) {
    return this.#broker.placeFor('fn-connection', id);
  }

  #run(name: 'take' | 'hold' | 'intend' | 'leave' | 'remove', id: string, args: readonly string[]): Promise<unknown> {
    const { key, route } = this.#placeOf(id);
    const chosen: Script = this.#scripts[name];
    return route.run(chosen, [key], args);
  }
}
