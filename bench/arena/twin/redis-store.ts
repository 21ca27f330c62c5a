/** What the twin keeps of rooms, in Redis, for several nodes. */

import { createClient, type RedisClientType } from '@redis/client';
import * as v from 'valibot';
import type { OpenRoom } from '../../../examples/arena/rooms/matchmaking.js';
import type { Score } from '../../../examples/arena/rooms/seat.js';
import { type ScoreState, scoreMessage } from './messages.js';
import { claimMs, type Store } from './store.js';

const claimScript = `local owner = redis.call('HGET', KEYS[1], 'node')
if owner and owner ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'players', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SADD', 'arena:rooms', ARGV[4])
return 1`;
const releaseScript = `if redis.call('HGET', KEYS[1], 'node') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', 'arena:free', ARGV[2])
return 1`;
const tickScript = `if tonumber(redis.call('HGET', KEYS[1], 'number') or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'number', ARGV[1], 'tick', ARGV[2])
redis.call('EXPIRE', KEYS[1], 300)
return 1`;
const scoreScript = `if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], 3600)
return redis.call('HINCRBY', KEYS[1], ':version', 1)`;
/** Of keys that have ended, Redis tells nobody unless it is configured so. */
const lookForEndedMs = 500;

export class RedisStore implements Store {
  readonly #subscriber;
  #known = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(private readonly client: RedisClientType) {
    this.#subscriber = client.duplicate();
    for (const one of [client, this.#subscriber]) one.on('error', (error) => console.error('redis', error));
  }

  static async connect(url: string): Promise<RedisStore> {
    const store = new RedisStore(createClient({ url }) as RedisClientType);
    await Promise.all([store.client.connect(), store.#subscriber.connect()]);
    return store;
  }

  async rooms(): Promise<OpenRoom[]> {
    const ids = await this.client.sMembers('arena:rooms');
    const players = await Promise.all(ids.map((id) => this.client.hGet(`arena:room:${id}`, 'players')));
    return ids.flatMap((id, index) => {
      const count = players[index];
      return count === null || count === undefined ? [] : [{ id, players: Number(count) }];
    });
  }

  async claim(room: string, node: string, players: number): Promise<boolean> {
    const options = { keys: [`arena:room:${room}`], arguments: [node, `${players}`, `${claimMs}`, room] };
    return (await this.client.eval(claimScript, options)) === 1;
  }

  async release(room: string, node: string): Promise<void> {
    await this.client.eval(releaseScript, { keys: [`arena:room:${room}`], arguments: [node, room] });
  }

  async onFree(listener: (room: string) => void): Promise<void> {
    await this.#subscriber.subscribe('arena:free', (room) => listener(room));
    this.#timer = setInterval(async () => {
      const open = new Set((await this.rooms()).map(({ id }) => id));
      for (const id of this.#known) if (!open.has(id)) listener(id);
      this.#known = open;
    }, lookForEndedMs);
  }

  async setTick(room: string, number: number, tick: Uint8Array): Promise<boolean> {
    const options = { keys: [`arena:tick:${room}`], arguments: [`${number}`, Buffer.from(tick).toString('base64')] };
    return (await this.client.eval(tickScript, options)) === 1;
  }

  async tick(room: string): Promise<Uint8Array | undefined> {
    const text = await this.client.hGet(`arena:tick:${room}`, 'tick');
    return text === null ? undefined : new Uint8Array(Buffer.from(text, 'base64'));
  }

  async setScore(room: string, player: string, score: Score | undefined): Promise<number> {
    const value = score === undefined ? '' : JSON.stringify(score);
    return Number(await this.client.eval(scoreScript, { keys: [`arena:scores:${room}`], arguments: [player, value] }));
  }

  async scores(room: string): Promise<ScoreState> {
    const { ':version': version = '0', ...values } = await this.client.hGetAll(`arena:scores:${room}`);
    const scores = Object.entries(values).map(
      ([player, value]) => [player, v.parse(scoreMessage, JSON.parse(value))] as const,
    );
    return { version: Number(version), scores };
  }

  async end(room: string): Promise<void> {
    await this.client.del([`arena:tick:${room}`, `arena:scores:${room}`]);
    await this.client.sRem('arena:rooms', room);
  }

  async send(room: string, kind: string, message: Uint8Array): Promise<void> {
    await this.client.publish(`arena:to:${room}`, Buffer.concat([Buffer.from(`${kind}\n`), message]) as never);
  }

  async receive(room: string, listener: (kind: string, message: Uint8Array) => void): Promise<() => void> {
    const channel = `arena:to:${room}`;
    const received = (message: Buffer) => {
      const end = message.indexOf(10);
      listener(message.toString('utf8', 0, end), new Uint8Array(message.subarray(end + 1)));
    };
    await this.#subscriber.subscribe(channel, received, true);
    return () => void this.#subscriber.unsubscribe(channel, received, true);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.client.close(), this.#subscriber.close()]);
  }
}
