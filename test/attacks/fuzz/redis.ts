/** What is in a real Redis, changed behind the nodes' backs: each operation has an answer, or the error that says what is wrong. */

import assert from 'node:assert/strict';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { FanfareError } from '../../../src/model/fanfare-error.js';
import { payloadValue } from '../../../src/model/payload.js';
import type { Publication } from '../../../src/model/publication.js';
import { RedisServer } from '../../support/brokers/redis-server.js';
import { json, ports } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import type { FuzzTarget } from './fuzzing.js';
import { mutatedJson } from './mutate-json.js';

const [room, map, calm] = [channelName('room'), channelName('map'), channelName('calm')];
const stream = { size: 100, ttlMs: 600_000 };
const limits = { stream, maxKeys: 100 };
const prefix = 'fuzz';
/** Commands that meddlers may use; others are left out. */
const meddling = new Set([
  'SET',
  'HSET',
  'HDEL',
  'XADD',
  'XDEL',
  'XTRIM',
  'XSETID',
  'ZADD',
  'ZREM',
  'SADD',
  'SREM',
  'RPUSH',
  'DEL',
  'PEXPIRE',
]);
const patienceMs = 60_000;

type Client = Awaited<ReturnType<RedisServer['client']>>;

export class TamperedRedis implements AsyncDisposable {
  #corpus: readonly string[] = [];
  #calmOffset = 0;

  private constructor(
    private readonly server: RedisServer,
    private readonly client: Client,
    private readonly broker: RedisBroker,
  ) {}

  static async start(): Promise<TamperedRedis> {
    const server = await RedisServer.start();
    const broker = new RedisBroker({ url: server.url, prefix }, ports);
    await broker.start(new RecordedEvents());
    const tampered = new TamperedRedis(server, await server.client(), broker);
    await tampered.#fill();
    tampered.#corpus = await tampered.#asCommands();
    return tampered;
  }

  get target(): FuzzTarget<string> {
    return {
      name: 'keys in Redis',
      about:
        'every operation ends with a result that is right, or with `ERR_HISTORY_BROKEN` or `ERR_BROKER`; other channels go on; with its keys gone the channel begins anew',
      corpus: this.#corpus,
      mutate: mutatedJson,
      attack: (text) => this.#attack(text),
    };
  }

  /** What nodes write: publications, members, keys of a map. */
  async #fill(): Promise<void> {
    const { broker } = this;
    const info = { user: 'ann', client: 'c1', connInfo: json({ name: 'Ann' }) };
    for (let n = 1; n <= 3; n++) await broker.publish(room, { data: json(n), tags: { n: `${n}` }, info }, { stream });
    await broker.presence.add(room, info, 600_000);
    await broker.presence.add(room, { user: '', client: 'c2' }, 600_000);
    for (const key of ['a', 'b', 'ключ']) await broker.maps.set(map, { key, data: json({ key }), info }, { limits });
    await broker.maps.set(map, { key: 'ends', data: json(1) }, { limits, ttlMs: 600_000 });
  }

  /** All that was filled in, as the commands that would write it again: what a meddler begins with. */
  async #asCommands(): Promise<string[]> {
    const commands: string[][] = [];
    const ask = async (...command: string[]) => strings(await this.client.send(command));
    for (const key of await ask('KEYS', `${prefix}:*`)) {
      const place = key.slice(prefix.length + 1);
      const [type] = await ask('TYPE', key);
      commands.push(['DEL', place], ['PEXPIRE', place, '1'], ['SET', place, 'x'], ['RPUSH', place, 'x']);
      if (type === 'hash') {
        const all = await ask('HGETALL', key);
        for (let n = 0; n < all.length; n += 2)
          commands.push(['HSET', place, ...all.slice(n, n + 2)], ['HDEL', place, all[n] ?? '']);
      } else if (type === 'zset') {
        const all = await ask('ZRANGE', key, '0', '-1', 'WITHSCORES');
        for (let n = 0; n < all.length; n += 2)
          commands.push(['ZADD', place, all[n + 1] ?? '', all[n] ?? ''], ['ZREM', place, all[n] ?? '']);
      } else if (type === 'set')
        for (const member of await ask('SMEMBERS', key)) commands.push(['SADD', place, member]);
      else if (type === 'stream') {
        const entries = await this.client.send(['XRANGE', key, '-', '+']);
        assert.ok(Array.isArray(entries));
        for (const [id, fields] of entries)
          commands.push(
            ['XDEL', place, `${id}`],
            ['XADD', place, '9-0', ...strings(fields)],
            ['XADD', place, '*', ...strings(fields)],
          );
        commands.push(['XTRIM', place, 'MAXLEN', '1'], ['XSETID', place, '99-0']);
      }
    }
    return commands.map((command) => JSON.stringify([command]));
  }

  async #attack(text: string): Promise<void> {
    const { broker, client } = this;
    await client.send([
      'EVAL',
      "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
      '0',
      `${prefix}:*{room}*`,
    ]);
    await client.send([
      'EVAL',
      "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
      '0',
      `${prefix}:*{map}*`,
    ]);
    await this.#fill();
    for (const [name, place, ...args] of commandsOf(text)) {
      if (name === undefined || place === undefined || !meddling.has(name.toUpperCase())) continue;
      // What Redis refuses has changed nothing.
      await client.send([name, `${prefix}:${place}`, ...args]).catch(() => undefined);
    }
    const { history, maps, mapChanges, presence } = broker;
    const change = { key: 'a', data: json(2) };
    const outcomes = await within(
      Promise.allSettled([
        history.read(room, { limit: 10, reverse: false }).then(({ publications }) => expectPublications(publications)),
        history
          .read(room, { limit: 10, reverse: false, since: { offset: 0 } })
          .then((page) => expectPublications(page.publications, page.continuous ? 1 : undefined)),
        history
          .read(room, { limit: 10, reverse: true, since: { offset: 3 } })
          .then(({ publications }) => expectPublications([...publications].reverse())),
        broker.publish(room, { data: json(4) }, { stream }),
        presence.list(room, 100).then((members) => members.forEach(expectMember)),
        presence.stats(room),
        presence.add(room, { user: 'bob', client: 'c3' }, 1_000),
        presence.remove(room, 'c1'),
        maps.page(map, { after: 0, limit: 100 }).then(({ state }) => state.entries.forEach(expectEntry)),
        maps.get(map, 'a'),
        maps.set(map, change, { limits }),
        maps.set(map, { key: 'new', data: json(2) }, { limits, ttlMs: 1_000 }),
        maps.remove(map, change, { limits }),
        maps.renew(map, 'ends', 1_000),
        mapChanges
          .read(map, { limit: 100, reverse: false, since: { offset: 0 } })
          .then((page) => expectPublications(page.publications)),
      ]),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') expectRefusal(outcome.reason);
    // Another channel notices nothing.
    const { position } = await broker.publish(calm, { data: json(1) }, { stream });
    assert.equal(position.offset, this.#calmOffset + 1);
    this.#calmOffset = position.offset;
    await within(broker.probe());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** @param first the offset that they begin with, if there are any */
function expectPublications(publications: readonly Publication[], first?: number): void {
  let last = first === undefined ? 0 : first - 1;
  for (const { offset, data } of publications) {
    assert.ok(Number.isSafeInteger(offset) && offset > last, `offset ${offset} after ${last}`);
    if (first !== undefined) assert.equal(offset, last + 1);
    last = offset;
    // Clients get it as it is, within JSON.
    payloadValue(data);
  }
}

function expectEntry({ offset, data, key }: Publication): void {
  assert.ok(Number.isSafeInteger(offset) && offset > 0, `offset ${offset}`);
  assert.equal(typeof key, 'string');
  payloadValue(data);
}

function expectMember({ user, client }: { readonly user: unknown; readonly client: unknown }): void {
  assert.deepEqual([typeof user, typeof client], ['string', 'string']);
}

function expectRefusal(reason: unknown): void {
  if (reason instanceof assert.AssertionError) throw reason;
  const code = reason instanceof FanfareError ? reason.code : undefined;
  if (code !== 'ERR_HISTORY_BROKEN' && code !== 'ERR_BROKER')
    throw new Error('an error without a code', { cause: reason });
}

/** Commands with their arguments as texts; whatever else there is is left out. */
export function commandsOf(text: string): string[][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Changed so that it is no list of commands any more.
    return [];
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((each): each is unknown[] => Array.isArray(each)).map((each) => each.map(argumentOf));
}

/** An object need not be anything that a text can be made of: `{"toString":"SET"}`. */
function argumentOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function strings(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : [String(answer)];
}

/** What never ends is a fault too. */
async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('an operation does not end')), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
