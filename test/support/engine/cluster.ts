/** Nodes on one fake clock that share a broker and talk over a control channel with faults. */

import { onTestFinished } from 'vitest';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents } from '../../../src/engine/ports/broker.js';
import type { ChannelName } from '../../../src/model/channel-name.js';
import { ControlHub } from './control-hub.js';
import { countingRandom, FakeClock } from './fake-clock.js';
import { EngineNode, type EngineNodeOptions } from './node.js';

/** One broker for several nodes: what is published goes to all of them. */
class SharedBroker {
  readonly #memory: MemoryBroker;
  readonly #nodes = new Map<BrokerEvents, Set<ChannelName>>();

  constructor(clock: FakeClock) {
    this.#memory = new MemoryBroker({ clock, random: countingRandom('epoch') });
  }

  start(): Promise<void> {
    const each = (channel: ChannelName, tell: (events: BrokerEvents) => void) => {
      for (const [events, channels] of this.#nodes) if (channels.has(channel)) tell(events);
    };
    return this.#memory.start({
      onPublication: (channel, ...rest) => each(channel, (events) => events.onPublication(channel, ...rest)),
      onJoin: (channel, info) => each(channel, (events) => events.onJoin(channel, info)),
      onLeave: (channel, info) => each(channel, (events) => events.onLeave(channel, info)),
    });
  }

  connect(control: NonNullable<Broker['control']>, { keepsPresence = true, probe }: SharedBrokerOptions): Broker {
    const memory = this.#memory;
    const channels = new Set<ChannelName>();
    return {
      name: 'shared memory',
      history: memory,
      answers: memory.answers,
      ...(keepsPresence && { presence: memory.presence }),
      control,
      ...(probe && { probe }),
      start: async (events) => {
        this.#nodes.set(events, channels);
      },
      close: async () => undefined,
      subscribe: async (channel) => {
        channels.add(channel);
        await memory.subscribe(channel);
      },
      unsubscribe: async (channel) => {
        channels.delete(channel);
      },
      publish: (...args) => memory.publish(...args),
      announce: (...args) => memory.announce(...args),
    };
  }
}

interface SharedBrokerOptions {
  /** Default: `true`. */
  readonly keepsPresence?: boolean;
  /** Default: none, as of a broker that cannot be out of reach. */
  readonly probe?: () => Promise<void>;
}

export interface EngineClusterOptions
  extends Omit<EngineNodeOptions, 'broker' | 'clock' | 'random'>,
    SharedBrokerOptions {}

export class EngineCluster {
  readonly clock = new FakeClock();
  readonly hub = new ControlHub(this.clock);
  readonly nodes: EngineNode[] = [];
  readonly #broker = new SharedBroker(this.clock);

  private constructor(private readonly options: EngineClusterOptions) {}

  /** With so many nodes, that know each other. For one test: it is closed when that has finished. */
  static async start(size: number, options: EngineClusterOptions): Promise<EngineCluster> {
    const cluster = new EngineCluster(options);
    onTestFinished(() => cluster.close());
    await cluster.#broker.start();
    for (let n = 0; n < size; n++) await cluster.add();
    await cluster.clock.advance(1);
    return cluster;
  }

  /** The first three. */
  get three(): readonly [EngineNode, EngineNode, EngineNode] {
    const [a, b, c] = this.nodes;
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are fewer');
    return [a, b, c];
  }

  /** One more node. Its id is `node-1`, `node-2`, … followed by a number. */
  async add(): Promise<EngineNode> {
    const options = this.options;
    const node = await new EngineNode({
      ...options,
      clock: this.clock,
      random: countingRandom(`node-${this.nodes.length + 1}`),
      broker: () => this.#broker.connect(this.hub.connect(), options),
    }).start();
    this.nodes.push(node);
    return node;
  }

  /** As `kill -9`. */
  kill(node: EngineNode): void {
    this.hub.kill(node.node.ports.id);
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close();
  }
}
