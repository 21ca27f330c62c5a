/** The options of the Redis broker. */

export interface RedisOptions {
  /**
   * `redis://user:password@host:6379/0`, or `rediss://` with TLS; `redis+sentinel://host:26379,host:26379/name/0`,
   * `redis+cluster://host:6379,host:6379`. With several addresses each channel is on one of them; all nodes need the
   * same list.
   */
  readonly url: string | readonly string[];
  /** Prefix of all keys and pub/sub channels; fleets that share a server need different ones. Default: `fanfare`. */
  readonly prefix?: string;
  /** How long a stream without publications and readers keeps its position, in milliseconds. Default: 24 hours. */
  readonly streamIdleMs?: number;
  /** How long a map without changes and readers keeps its keys, in milliseconds. Default: 30 days. */
  readonly mapIdleMs?: number;
  /** How long the server may take to answer before the connection is replaced, in milliseconds. Default: 4,000. */
  readonly timeoutMs?: number;
  /** Commands that may wait for an answer; further ones fail at once. Default: 10,000. */
  readonly maxInFlight?: number;
}

export type FilledRedisOptions = Required<RedisOptions>;

export function withDefaults(given: RedisOptions['url'] | RedisOptions): FilledRedisOptions {
  const options = typeof given === 'object' && 'url' in given ? given : { url: given };
  const idle = { streamIdleMs: 86_400_000, mapIdleMs: 2_592_000_000 };
  return { prefix: 'fanfare', ...idle, timeoutMs: 4_000, maxInFlight: 10_000, ...options };
}
