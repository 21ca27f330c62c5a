/** The stores of functions, on real servers, as tests of all of them begin. */

import type { BrokerPorts } from '../../../src/brokers/ports.js';
import type { Clock } from '../../../src/engine/ports/clock.js';
import { DynamoDbFunctionStore } from '../../../src/functions/dynamodb/store.js';
import type { FunctionStore } from '../../../src/functions/function-store.js';
import { RedisFunctionStore } from '../../../src/functions/redis/store.js';
import { RedisServer, redis8, redisIsMissing, valkey } from '../brokers/redis-server.js';
import { ownPrefix } from '../brokers/suites.js';
import { DynamoDbServer, dynamoDbIsMissing } from './dynamodb-server.js';

/** A store of its own for a test, on a server that it shares with others. */
export interface MadeStore {
  readonly make: (ports: BrokerPorts) => FunctionStore;
  /** Forgets streams, and nothing of connections. */
  loseHistory(): Promise<void>;
  /** Lets time pass for what it keeps. */
  skip(ms: number): Promise<void>;
}

export interface StoreServer extends AsyncDisposable {
  ownStore(): Promise<MadeStore>;
}

export interface StoreKind {
  readonly kind: string;
  readonly isMissing: () => boolean;
  readonly start: () => Promise<StoreServer>;
}

function redisKind(kind: string, program?: string, isMissing = () => redisIsMissing()): StoreKind {
  return {
    kind,
    isMissing,
    start: async () => {
      const server = await RedisServer.start({ program });
      return {
        ownStore: async () => {
          const prefix = ownPrefix();
          return {
            make: (ports) => new RedisFunctionStore({ url: server.url, prefix }, ports),
            loseHistory: () =>
              removeKeys(
                server,
                ['place', 'stream', 'once'].map((name) => `${prefix}:${name}:*`),
              ),
            skip: (ms) => age(server, prefix, ms),
          };
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

/** As {@link RedisServer.advance}, and other tests go on in their own time. */
async function age(server: RedisServer, prefix: string, ms: number): Promise<void> {
  await using client = await server.client();
  const shorten = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, math.max(0, left - ARGV[2])) end
end`;
  await client.send(['EVAL', shorten, '0', `${prefix}:stream:*`, `${ms}`]);
}

async function removeKeys(server: RedisServer, patterns: readonly string[]): Promise<void> {
  await using client = await server.client();
  const remove = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";
  for (const pattern of patterns) await client.send(['EVAL', remove, '0', pattern]);
}

export const redisStoreKind = redisKind('Redis 7');

/** Its `server` is for tests of what it is asked. */
export const dynamoDbStoreKind = {
  kind: 'DynamoDB',
  isMissing: dynamoDbIsMissing,
  start: async () => {
    const server = await DynamoDbServer.start();
    return {
      server,
      ownStore: async () => {
        const table = ownPrefix();
        await server.createTable(table);
        let passedMs = 0;
        const ahead = (clock: Clock): Clock => ({
          nowMs: () => clock.nowMs(),
          wallMs: () => clock.wallMs() + passedMs,
          schedule: (task, delayMs) => clock.schedule(task, delayMs),
          afterTurn: (task) => clock.afterTurn(task),
        });
        return {
          make: (ports) =>
            new DynamoDbFunctionStore({ table, endpoint: server.endpoint }, { ...ports, clock: ahead(ports.clock) }),
          loseHistory: () => server.removeItems(table, ['stream#', 'once#']),
          skip: async (ms) => {
            passedMs += ms;
          },
        };
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
} satisfies StoreKind;

export const redisStoreKinds: readonly StoreKind[] = [
  redisStoreKind,
  redisKind('Redis 8', redis8.program, () => redisIsMissing(redis8)),
  redisKind('Valkey', valkey.program, () => redisIsMissing(valkey)),
];
