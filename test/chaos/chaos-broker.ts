/** The broker of a fleet under faults: a process that can be killed, started again where it was, and made to stand still. */

import { NatsServer } from '../support/brokers/nats-server.js';
import { RabbitmqServer } from '../support/brokers/rabbitmq-server.js';
import { RedisServer } from '../support/brokers/redis-server.js';
import type { Rewrite } from '../support/network/fault-lane.js';
import { redisDisorder } from './redis-disorder.js';

export interface ChaosBroker extends AsyncDisposable {
  readonly name: string;
  /** Channels can have history, recovery and idempotency keys; otherwise those of the run have none. */
  readonly keepsHistory: boolean;
  /** Who is present is stored in it; otherwise the nodes ask each other. */
  readonly keepsPresence: boolean;
  /** What it was told survives it. */
  readonly isPersistent: boolean;
  /** Where it listens, also after it was started again. */
  readonly port: number;
  /** What it has said. */
  readonly output: string;
  /** The `broker` option of a node that reaches it by that port. */
  addressAt(port: number): string;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  /** What it has on disk goes, where that would outlive it. */
  erase?(): Promise<void>;
  /** Resolves when it takes connections again. */
  startAgain(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Connections of a node that can be told apart, and the name of what each is for. */
  readonly purposes?: readonly string[];
  /** What a connection is for, by bytes that its node has sent. */
  purposeOf?(bytes: Buffer): string | undefined;
  /** Makes what it delivers pass through something that can repeat, reorder and drop publications. */
  disorder?(meddling: Meddling): Rewrite;
}

/** What is to happen to deliveries just now; `undefined`: nothing. */
export interface Meddling {
  next(): 'repeat' | 'hold' | 'drop' | undefined;
}

export async function redisChaos({ isPersistent = false } = {}): Promise<ChaosBroker> {
  const config = isPersistent ? ['appendonly yes', 'appendfsync everysec'] : [];
  return Object.assign(await RedisServer.start({ config }), {
    ...{ name: 'redis', keepsHistory: true, keepsPresence: true, isPersistent },
    addressAt: (port: number) => `redis://127.0.0.1:${port}`,
    purposes: ['commands', 'subscriptions'],
    purposeOf(bytes: Buffer) {
      if (bytes.includes('ssubscribe')) return 'subscriptions';
      return bytes.includes('SCRIPT') ? 'commands' : undefined;
    },
    disorder: redisDisorder,
  });
}

/** With JetStream. */
export async function natsChaos({ isPersistent = false } = {}): Promise<ChaosBroker> {
  return Object.assign(await NatsServer.start(), {
    ...{ name: 'nats', keepsHistory: true, keepsPresence: false, isPersistent },
    addressAt: (port: number) => `nats://127.0.0.1:${port}`,
  });
}

/** For channels with history or without. */
export async function rabbitmqChaos({ keepsHistory = true } = {}): Promise<ChaosBroker> {
  return Object.assign(await RabbitmqServer.start(), {
    ...{ name: 'rabbitmq', keepsHistory, keepsPresence: false, isPersistent: true },
    addressAt: (port: number) => `amqp://guest:guest@127.0.0.1:${port}`,
  });
}
