/** A fleet with its broker, clients, publishers and observers, all of whose words the checker judges as they come. */

import { setTimeout as delay } from 'node:timers/promises';
import { Folder } from '../cli/fanfare-process.js';
import { Audience } from './audience.js';
import { callApi } from './chaos-api.js';
import type { ChaosBroker } from './chaos-broker.js';
import { ChaosNode } from './chaos-node.js';
import { HistoryChecker } from './checker/history-checker.js';
import type { FaultEffects, HistoryEvent } from './history.js';
import { Observers } from './observers.js';
import { Publishers } from './publishers.js';
import { Recorder } from './recorder.js';
import type { SeededRandom } from './seeded-random.js';
import { StallClock } from './stall-clock.js';

export interface WorldOptions {
  readonly numNodes: number;
  readonly numClients: number;
  readonly numChannels: number;
  readonly channelsPerClient: number;
  readonly ratePerSec: number;
}

/** What a channel keeps, and what one recovery and one page of history bring. */
const historySize = 1_000;
/** Events that are remembered for whoever looks into a violation. */
const maxTrace = 300_000;
/** After this long without a fault nobody may miss anything. */
const settleLimitMs = 30_000;
const deliveryGraceMs = 2_000;

export type Disorder = 'repeat' | 'hold' | 'drop';

export class ChaosWorld implements AsyncDisposable {
  readonly checker = new HistoryChecker({ historySize, maxRecovered: historySize });
  readonly recorder: Recorder;
  /** The latest events, the oldest first. */
  readonly trace: HistoryEvent[] = [];
  /** What the broker's deliveries go through. */
  disorder: readonly Disorder[] = [];
  readonly #clock = new StallClock();
  readonly #owned: (() => unknown)[] = [];
  #parts:
    | {
        readonly nodes: ChaosNode[];
        readonly audience: Audience;
        readonly publishers: Publishers;
        readonly observers: Observers;
      }
    | undefined;

  private constructor(
    readonly broker: ChaosBroker,
    readonly random: SeededRandom,
    private readonly channels: readonly string[],
  ) {
    const observe = (event: HistoryEvent) => {
      this.checker.observe(event);
      this.trace.push(event);
      if (this.trace.length > maxTrace) this.trace.splice(0, maxTrace / 2);
    };
    this.recorder = new Recorder({ observe }, String, this.#clock);
  }

  /** The broker stays with whoever has started it. */
  static async start(broker: ChaosBroker, random: SeededRandom, options: WorldOptions): Promise<ChaosWorld> {
    const channels = Array.from({ length: options.numChannels }, (_, n) => `chaos:${n + 1}`);
    const world = new ChaosWorld(broker, random, channels);
    try {
      await world.#start(options);
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  async #start({ numNodes, numClients, channelsPerClient, ratePerSec }: WorldOptions): Promise<void> {
    const { broker, random, channels, recorder } = this;
    const folder = new Folder();
    this.#owned.push(() => folder[Symbol.dispose]());
    folder.write('fanfare.json', JSON.stringify(configuration(broker)));
    const meddling = {
      next: () => (this.disorder.length > 0 && random.below(10) === 0 ? random.pick(this.disorder) : undefined),
    };
    const nodes = await Promise.all(
      Array.from({ length: numNodes }, async (_, n) => {
        const node = await ChaosNode.start(`node ${n + 1}`, folder, broker, meddling);
        this.#owned.unshift(() => node[Symbol.asyncDispose]());
        return node;
      }),
    );
    const shared = { nodes, channels, recorder, random };
    const audience = new Audience({ ...shared, numClients, channelsPerClient });
    this.#owned.unshift(() => audience[Symbol.dispose]());
    const publishers = new Publishers({ ...shared, ratePerSec, repeats: broker.keepsHistory });
    this.#owned.unshift(() => publishers.stop());
    const observers = new Observers({ ...shared, audience, stalledMs: () => this.stalledMs });
    this.#owned.unshift(() => observers.stop());
    this.#parts = { nodes, audience, publishers, observers };
  }

  /** For how long this process was given no time. */
  get stalledMs(): number {
    return this.#clock.stalledMs;
  }

  get nodes(): readonly ChaosNode[] {
    return this.#running.nodes;
  }

  get audience(): Audience {
    return this.#running.audience;
  }

  get publishers(): Publishers {
    return this.#running.publishers;
  }

  get #running() {
    if (this.#parts === undefined) throw new Error('the world has not been started');
    return this.#parts;
  }

  /** Says that something is wrong while `work` makes it so. */
  async during(name: string, effects: FaultEffects, work: () => Promise<void>): Promise<void> {
    const asks = this.broker.keepsPresence ? {} : { hidesPresence: true };
    await this.recorder.during(name, { ...effects, ...asks }, work);
  }

  /** Lets time pass, under load. */
  async pass(ms: number): Promise<void> {
    await delay(ms);
  }

  /**
   * Waits until every channel takes publications and everybody is back and has everything. When that takes too long it
   * is a violation. @returns how long
   */
  async untilSettled(): Promise<number> {
    const beganMs = this.#clock.nowMs;
    for (;;) {
      const nowMs = this.#clock.nowMs;
      if (this.#isSettled(beganMs, nowMs)) return nowMs - beganMs;
      if (nowMs - beganMs > settleLimitMs) {
        this.checker.settle(nowMs, nowMs - deliveryGraceMs);
        return nowMs - beganMs;
      }
      await delay(50);
    }
  }

  #isSettled(sinceMs: number, nowMs: number): boolean {
    if (!this.audience.isSubscribed || this.checker.behind(nowMs - deliveryGraceMs).length > 0) return false;
    return this.publishers.isStopped || this.checker.haveTakenSince(this.channels, sinceMs);
  }

  /** Waits for something that should come, or for so long: what is wrong then is for the checker to say. */
  async until(isSo: (audience: Audience) => boolean, limitMs: number): Promise<void> {
    const untilMs = this.#clock.nowMs + limitMs;
    while (this.#clock.nowMs < untilMs && !isSo(this.audience)) await delay(20);
  }

  /** Has a client that is connected to that node disconnected by an order to another one (G9). */
  async disconnectSomebodyOf(node: ChaosNode): Promise<string | undefined> {
    const connected = this.audience.connectedTo(node.name);
    const other = this.nodes.find((one) => one !== node && one.isUp);
    if (connected.length === 0 || other === undefined) return undefined;
    const { name: subscriber, connection } = this.random.pick(connected);
    const outcome = await callApi(other.url, 'disconnect', { user: '', client: connection }, 10_000);
    if (outcome.kind === 'ok') this.recorder.record({ kind: 'disconnect-ordered', subscriber, connection });
    return subscriber;
  }

  /** The last look: nobody misses anything, histories have what was acknowledged, presence is right. */
  async finish(): Promise<void> {
    this.#running.observers.stop();
    await this.untilSettled();
    await this.publishers.stop();
    await this.untilSettled();
    const [node] = this.nodes.filter(({ isUp }) => isUp);
    if (node !== undefined && this.broker.keepsHistory) {
      for (const channel of this.channels) await this.#viewHistory(node, channel);
    }
    await this.#running.observers.viewAll();
    // What was seen is judged when it is known who was leaving.
    await delay(deliveryGraceMs + 100);
    this.checker.settle(this.#clock.nowMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const free of this.#owned.splice(0)) await free();
    this.#clock[Symbol.dispose]();
  }

  async #viewHistory(node: ChaosNode, channel: string): Promise<void> {
    const outcome = await callApi(node.url, 'history', { channel, limit: historySize }, 10_000);
    if (outcome.kind !== 'ok') throw new Error(`no history of ${channel}`);
    // safe: the API's own answer
    const { offset, epoch, publications } = outcome.result as {
      offset: number;
      epoch: string;
      publications: { offset: number; data: string }[];
    };
    this.recorder.record({
      kind: 'history-view',
      channel,
      top: { offset, epoch },
      publications: publications.map((one) => ({ offset: one.offset, value: one.data })),
    });
  }
}

function configuration(broker: ChaosBroker): object {
  return {
    anonymous: true,
    api: { insecure: true },
    log: { level: 'info' },
    channels: {
      'chaos:{name}': {
        subscribe: 'anyone',
        presence: 'anyone',
        ...(broker.keepsHistory && { history: { size: historySize, ttl: '10m' } }),
      },
    },
  };
}
