/** Three nodes as processes: the workers of one server, or three servers with Redis between them. */

import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { RedisServer } from '../support/brokers/redis-server.js';

export type Kind = 'workers' | 'redis';

/** Where clients connect, one after the other: one port with several workers behind it, or several ports. */
export async function startThreeNodes(kind: Kind, config: object) {
  const folder = new Folder();
  const redis = kind === 'redis' ? await RedisServer.start() : undefined;
  const fleet = redis === undefined ? { workers: 3 } : { broker: redis.url };
  folder.write('fanfare.json', JSON.stringify({ ...config, ...fleet }));
  const processes = Array.from(
    { length: redis === undefined ? 1 : 3 },
    () => new FanfareProcess(['serve'], { folder }),
  );
  const urls = await Promise.all(processes.map((process) => process.listening()));
  return {
    urls,
    processes,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
      await redis?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
