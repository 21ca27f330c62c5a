/** Three nodes as processes: the workers of one server, or three servers with Redis or NATS between them. */

import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { NatsServer } from '../support/brokers/nats-server.js';
import { RedisServer } from '../support/brokers/redis-server.js';

export type Kind = 'workers' | 'redis' | 'nats';

const servers = { redis: () => RedisServer.start(), nats: () => NatsServer.start() };

/** Where clients connect, one after the other: one port with several workers behind it, or several ports. */
export async function startThreeNodes(kind: Kind, config: object) {
  const folder = new Folder();
  const server = kind === 'workers' ? undefined : await servers[kind]();
  const fleet = server === undefined ? { workers: 3 } : { broker: server.url };
  folder.write('fanfare.json', JSON.stringify({ ...config, ...fleet }));
  const processes = Array.from(
    { length: server === undefined ? 1 : 3 },
    () => new FanfareProcess(['serve'], { folder }),
  );
  const urls = await Promise.all(processes.map((process) => process.listening()));
  return {
    urls,
    processes,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
      await server?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
