/** A model of a broker's server, as the simulation sees each of them: the brokers of nodes that use it, and its faults. */

import type { BrokerPorts } from '../../../src/brokers/ports.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { BrokerNet } from '../network/broker-net.js';
import type { SimProcess } from '../time/sim-process.js';
import type { LuaRunner } from './redis/lua/machine.js';

export const brokerKinds = ['memory', 'redis', 'nats', 'rabbitmq'] as const;
export type BrokerKind = (typeof brokerKinds)[number];

/** What becomes of one message on its way to one subscriber, where nothing promises that it arrives. */
export type Fate = 'deliver' | 'drop' | 'repeat' | 'hold';

/** `none`: what was acknowledged is still there. `some`: the newest of it is gone. `all`: so is everything else. */
export type Loss = 'none' | 'some' | 'all';

export interface BrokerServer {
  readonly kind: BrokerKind;
  /** Absent: it is in the node's process. */
  readonly net?: BrokerNet;
  /** Names of the separate connections that a node has. */
  readonly purposes: readonly string[];
  /** What a restart can lose. */
  readonly losses: readonly Loss[];
  /** Keeps who is present, which a loss takes along. */
  readonly keepsPresence: boolean;
  readonly hasMaps: boolean;
  /** The newest of what is kept is only in memory from now on: a loss of `some` takes it back to here. */
  beginLagging?(): void;
  /** It ends; connections break, and nobody can connect until {@link start}. */
  stop?(loss: Loss): void;
  start?(): void;
  /** Somebody empties it, while nobody's connection breaks. Absent: nobody can. */
  wipe?(): void;
  /** A replica comes, and with it another name for the same data. Absent: there are none. */
  takeReplica?(): void;
  /** Subscriptions of nodes to channels, besides those of nodes to themselves. */
  readonly numHeld: number;
  /** Decides about the next messages. Absent: none can be lost while connections are up. */
  fates?: Fate[];
  /** The real broker of a node, on this server. */
  broker(process: SimProcess, ports: BrokerPorts): Broker;
}

export interface ServerPorts {
  readonly net: BrokerNet;
  readonly random: SeededRandom;
  /** What the functions of Redis run in. Default: what they are translated to. */
  readonly lua?: LuaRunner | undefined;
}
