/** One worker's part of a load, from its connections to its last delivery. Workers know nothing of each other. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ApiPublisher } from './api-publisher.js';
import {
  assignPublishers,
  assignSubscribers,
  isMine,
  publisherCount,
  rampMs,
  randomStreams,
  type WorkerShare,
} from './assignment.js';
import { msUntil, nowUs } from './clock.js';
import { type FiguresData, WorkerFigures } from './figures.js';
import { LoadClient } from './load-client.js';
import { hasPublisher, Publications, type Publish, type Published, publisherAt, type Times } from './publications.js';
import { SeededRandom } from './random.js';
import type { Scenario } from './scenario.js';
import { Storms } from './storms.js';
import { mintTokens } from './tokens.js';
import { World } from './world.js';

export interface WorkerTask {
  readonly scenario: Scenario;
  readonly share: WorkerShare;
  /** Distinguishes the publications of this run. */
  readonly run: number;
}

/** What a worker tells each second. */
export interface Tick {
  readonly figures: FiguresData;
  /** Since the last one. */
  readonly elapsedMs: number;
  /** Subscribed connections at the moment. */
  readonly ready: number;
  /** CPU of its process since the last one, as a share of a core. */
  readonly cpuShare: number;
  /** How late its event loop was, at worst but for a hundredth of the time. */
  readonly lagMs: number;
}

/** A worker, in this process or another. Called in this order; each step once. */
export interface LoadGenerator {
  prepare(): Promise<void>;
  /** Resolves when all are subscribed, or refused, or late. @returns how many are subscribed */
  connect(startUs: number): Promise<number>;
  /** Resolves when everything that was due has been answered. */
  run(times: Times): Promise<Published>;
  /** Ends what is under way early, as if its time were over. */
  stop(): void;
  /** Resolves when everything has arrived, or nothing more comes. @returns how many deliveries are missing */
  drain(published: Published): Promise<number>;
  close(): Promise<void>;
}

const tickMs = 1_000;
const lookMs = 20;
const connectsPerTurn = 100;

export class Generator implements LoadGenerator {
  readonly #figures = new WorkerFigures();
  readonly #lag = monitorEventLoopDelay({ resolution: 10 });
  readonly #ticker: NodeJS.Timeout;
  #world: World | undefined;
  #subscribers: readonly LoadClient[] = [];
  /** By their numbers, which are those of all workers. */
  #publishers: ReadonlyMap<number, LoadClient> = new Map();
  /** The first subscriber of a channel, if this worker has it. */
  #firstOf: ReadonlyMap<number, LoadClient> = new Map();
  #api: ApiPublisher | undefined;
  #publications: Publications | undefined;
  #storms: Storms | undefined;
  #isStopped = false;
  #isClosed = false;
  #cpu = process.cpuUsage();
  #tickedUs = nowUs();

  constructor(
    private readonly task: WorkerTask,
    private readonly onTick: (tick: Tick) => void,
  ) {
    this.#lag.enable();
    this.#ticker = setInterval(() => this.#tick(), tickMs);
  }

  async prepare(): Promise<void> {
    const { scenario, share, run } = this.task;
    const all = assignSubscribers(scenario);
    const mine = all.filter((assigned) => isMine(share, assigned));
    const publishers = [...assignPublishers(scenario).entries()].filter(([number]) => hasPublisher(share, number));
    const tokens = await mintTokens(
      scenario,
      [...mine, ...publishers.map(([, one]) => one)].map(({ user }) => user),
    );
    const random = new SeededRandom(scenario.seed, randomStreams.wait + share.index * 16);
    const world = new World({ scenario, run, figures: this.#figures, random, tokens });
    this.#world = world;
    this.#subscribers = mine.map((assigned) => new LoadClient(assigned, world));
    this.#publishers = new Map(publishers.map(([number, assigned]) => [number, new LoadClient(assigned, world)]));
    const from = scenario['publish.from'];
    if (from === 'api') this.#api = new ApiPublisher(scenario, publisherCount(scenario), world.buffer);
    if (from === 'subscribers') this.#firstOf = this.#firstSubscribers(all);
  }

  #firstSubscribers(all: ReturnType<typeof assignSubscribers>): ReadonlyMap<number, LoadClient> {
    const mine = new Map(this.#subscribers.map((client) => [client.assigned.index, client]));
    const firstOf = new Map<number, LoadClient>();
    const seen = new Set<number>();
    for (const { index, channels } of all) {
      for (const channel of channels) {
        if (seen.has(channel)) continue;
        seen.add(channel);
        const client = mine.get(index);
        if (client !== undefined) firstOf.set(channel, client);
      }
    }
    return firstOf;
  }

  async connect(startUs: number): Promise<number> {
    const { scenario } = this.task;
    const rampUs = rampMs(scenario) * 1e3;
    await new Promise((resolve) => setTimeout(resolve, msUntil(startUs)));
    for (const publisher of this.#publishers.values()) publisher.connect(startUs);
    let next = 0;
    let inTurn = 0;
    while (next < this.#subscribers.length && !this.#isStopped) {
      const client = this.#subscribers[next];
      if (client === undefined) break;
      const dueUs = startUs + (rampUs * client.assigned.index) / scenario.connections;
      const waitMs = msUntil(dueUs);
      if (waitMs > 0 || inTurn === connectsPerTurn) {
        inTurn = 0;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        continue;
      }
      client.connect(dueUs);
      next += 1;
      inTurn += 1;
    }
    const everybody = [...this.#subscribers, ...this.#publishers.values()];
    // Whoever this process was late to connect has all of the time, too.
    const deadlineUs = Math.max(startUs + rampUs, nowUs()) + scenario.timeout * 1e3;
    await this.#look(
      () => everybody.every((client) => client.isSettled),
      () => deadlineUs,
    );
    // Workers begin to publish when all of them are told, so whoever comes from now on may miss something.
    this.#prepared().isPublishing = true;
    return this.#readyCount();
  }

  run(times: Times): Promise<Published> {
    const { scenario, share, run } = this.task;
    const world = this.#prepared();
    world.measureFromUs = times.measureFromUs;
    this.#publications = new Publications(scenario, run, {
      figures: this.#figures,
      channelName: (channel) => world.channelName(channel),
      publisherOf: (channel) => this.#publisherOf(channel),
      publish: this.#publish,
    });
    this.#storms = new Storms(scenario, share, this.#subscribers, times);
    if (this.#isStopped) this.#publications.endAt(nowUs());
    return this.#publications.publishAll(times);
  }

  /** Of a channel whose publisher is a subscriber, the channel itself is its number. */
  #publisherOf(channel: number): number | undefined {
    const { scenario, share } = this.task;
    if (scenario['publish.from'] === 'subscribers') return this.#firstOf.has(channel) ? channel : undefined;
    const publisher = publisherAt(scenario, channel);
    return hasPublisher(share, publisher) ? publisher : undefined;
  }

  readonly #publish: Publish = (publisher, publications) => {
    const api = this.#api;
    if (api !== undefined) {
      for (const { json, onPublished } of publications) api.publish(publisher, json, onPublished);
      return;
    }
    const client = this.#publishers.get(publisher) ?? this.#firstOf.get(publisher);
    client?.publish(publications);
  };

  stop(): void {
    this.#isStopped = true;
    this.#publications?.endAt(nowUs());
    this.#storms?.close();
  }

  async drain({ last, uncertain }: Published): Promise<number> {
    this.#storms?.close();
    const lastOf = new Map(last);
    const mayMissOf = new Map<number, Set<number>>();
    for (const [channel, sequence] of uncertain) {
      const numbers = mayMissOf.get(channel) ?? new Set();
      mayMissOf.set(channel, numbers.add(sequence));
    }
    const lastIn = (channel: number) => lastOf.get(channel) ?? 0;
    const mayMiss = (channel: number) => mayMissOf.get(channel);
    const { counts } = this.#figures;
    let seen = counts.deliveries;
    let movedUs = nowUs();
    const patienceUs = this.task.scenario.timeout * 1e3;
    let waiting = [...this.#subscribers];
    await this.#look(
      () => {
        if (counts.deliveries !== seen) movedUs = nowUs();
        seen = counts.deliveries;
        waiting = waiting.filter((client) => !client.isComplete(lastIn, mayMiss));
        return waiting.length === 0;
      },
      () => movedUs + patienceUs,
    );
    return this.#subscribers.reduce((sum, client) => sum + client.lost(lastIn, mayMiss), 0);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#ticker);
    this.#lag.disable();
    this.#publications?.close();
    this.#storms?.close();
    for (const client of [...this.#subscribers, ...this.#publishers.values()]) client.close();
    this.#api?.close();
    this.#world?.close();
    this.#tick();
  }

  #prepared(): World {
    if (this.#world === undefined) throw new Error('the generator is not prepared');
    return this.#world;
  }

  /** Looks until it is so, or too late. */
  async #look(isSo: () => boolean, deadlineUs: () => number): Promise<void> {
    while (!isSo() && nowUs() < deadlineUs() && !(this.#isStopped && this.#publications === undefined)) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  #readyCount(): number {
    return this.#subscribers.reduce((sum, client) => sum + (client.isReady ? 1 : 0), 0);
  }

  #tick(): void {
    const atUs = nowUs();
    this.#world?.checkDeadlines(atUs);
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedUs = Math.max(1, atUs - this.#tickedUs);
    this.#cpu = process.cpuUsage();
    this.#tickedUs = atUs;
    this.onTick({
      figures: this.#figures.take(),
      elapsedMs: elapsedUs / 1e3,
      ready: this.#readyCount(),
      cpuShare: (user + system) / elapsedUs,
      lagMs: this.#lag.percentile(99) / 1e6,
    });
    this.#lag.reset();
  }
}
