/** A fleet whose nodes change one map at the same time while things go wrong, and official clients that watch it. */

import { setTimeout as delay } from 'node:timers/promises';
import { Centrifuge } from 'centrifuge';
import { Folder } from '../cli/fanfare-process.js';
import { Viewer } from '../support/centrifuge/maps-app.js';
import { callApi } from './chaos-api.js';
import type { ChaosBroker } from './chaos-broker.js';
import { ChaosNode } from './chaos-node.js';
import { mapFaults } from './checker/map-checker.js';
import { dialler } from './dialler.js';
import { MapRacers } from './map-racers.js';
import { type EntriesAnswer, MapStream } from './map-stream.js';
import type { SeededRandom } from './seeded-random.js';

const channel = 'race:one';
const [numNodes, numRacers, numViewers] = [3, 6, 3];
const goOnLimitMs = 40_000;
const config = {
  anonymous: true,
  api: { insecure: true },
  channels: { 'race:{name}': { subscribe: 'anyone', map: { size: 50 }, history: { size: 50_000, ttl: '1h' } } },
};

type State = Readonly<Record<string, unknown>>;

export interface RaceOutcome {
  /** What cannot have been, in words. */
  readonly faults: readonly string[];
  readonly state: State;
  /** What those have who watched; as the state, unless something is wrong. */
  readonly views: readonly State[];
}

export class MapRace implements AsyncDisposable {
  readonly racers: MapRacers;
  readonly #stream = new MapStream(channel);
  readonly #viewers: { readonly client: Centrifuge; readonly viewer: Viewer }[] = [];
  readonly #reading: Promise<void>;
  #isOver = false;

  private constructor(
    readonly nodes: readonly ChaosNode[],
    readonly random: SeededRandom,
    private readonly folder: Folder,
  ) {
    for (let n = 0; n < numViewers; n++) this.#watch();
    const anyNode = () => this.#anyNode();
    this.racers = new MapRacers({ channel, count: numRacers, random, anyNode });
    this.#reading = this.#readOn();
  }

  /** The broker stays with whoever has started it. */
  static async start(broker: ChaosBroker, random: SeededRandom): Promise<MapRace> {
    const folder = new Folder({ 'fanfare.json': JSON.stringify(config) });
    const meddling = { next: () => undefined };
    const starting = Array.from({ length: numNodes }, (_, n) =>
      ChaosNode.start(`node ${n + 1}`, folder, broker, meddling),
    );
    return new MapRace(await Promise.all(starting), random, folder);
  }

  /** Resolves when so many more changes were acknowledged. @throws Error if that takes too long */
  async goesOn(count = 60): Promise<void> {
    const enough = this.racers.count('made') + count;
    await until('changes are made', () => this.racers.count('made') >= enough);
  }

  /** Ends the race. */
  async finish(): Promise<RaceOutcome> {
    await this.racers.stop();
    this.#isOver = true;
    await this.#reading;
    await until('everything is read', () => this.#stream.read(this.#anyNode()));
    const { seen } = this.#stream;
    const { calls } = this.racers;
    const faults = mapFaults(calls, seen);
    const places = new Set(seen.map(({ epoch, offset }) => `${epoch}:${offset}`));
    for (const { outcome } of calls) {
      if (outcome.kind !== 'made' || !this.#stream.isRead(outcome.at)) continue;
      const { epoch, offset } = outcome.at;
      if (!places.has(`${epoch}:${offset}`)) faults.push(`acknowledged at ${epoch}:${offset}, and not in the stream`);
    }
    const state = await this.#state();
    const views = () => this.#viewers.map(({ viewer }) => inOrder(viewer.entries));
    const isSeen = () => views().every((view) => JSON.stringify(view) === JSON.stringify(state));
    // What they have instead is for the test to show.
    await until('all have the state', isSeen).catch(() => undefined);
    return { faults, state, views: views() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.racers.stop(), this.#reading]);
    for (const { client } of this.#viewers) client.disconnect();
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    this.folder[Symbol.dispose]();
  }

  #watch(): void {
    const client = new Centrifuge('ws://fleet.invalid', {
      websocket: dialler(this.nodes, this.random),
      minReconnectDelay: 50,
      maxReconnectDelay: 500,
    });
    const viewer = new Viewer(client, channel, { minResubscribeDelay: 50, maxResubscribeDelay: 500, pageSize: 2 });
    this.#viewers.push({ client, viewer });
    client.connect();
    viewer.subscription.subscribe();
  }

  /** Again and again, since what a broker is going to lose can only be seen before. */
  async #readOn(): Promise<void> {
    while (!this.#isOver) {
      await this.#stream.read(this.#anyNode());
      await delay(20);
    }
  }

  async #state(): Promise<State> {
    const answer = await callApi(this.#anyNode().url, 'map_read_state', { channel, limit: 100 }, 10_000);
    if (answer.kind !== 'ok') throw new Error('the state cannot be read');
    // safe: the API's own answer
    const { entries } = answer.result as unknown as EntriesAnswer;
    return inOrder(Object.fromEntries(entries.map(({ key, data }) => [key, data])));
  }

  #anyNode(): ChaosNode {
    return this.random.pick(this.nodes.filter(({ isUp }) => isUp));
  }
}

function inOrder(state: State): State {
  return Object.fromEntries(Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + goOnLimitMs;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`not within ${goOnLimitMs} ms: ${what}`);
    await delay(20);
  }
}
