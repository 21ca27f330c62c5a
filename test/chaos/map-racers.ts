/** Racers that change a few keys of one map at several nodes, each on the version that it knows. */

import { callApi } from './chaos-api.js';
import type { ChaosNode } from './chaos-node.js';
import type { MapCall, MapPosition } from './checker/map-checker.js';
import type { EntriesAnswer } from './map-stream.js';
import type { SeededRandom } from './seeded-random.js';

const keys = ['k0', 'k1', 'k2', 'k3'];
const callLimitMs = 6_000;

interface MapRacersOptions {
  readonly channel: string;
  readonly count: number;
  readonly random: SeededRandom;
  readonly anyNode: () => ChaosNode;
}

export class MapRacers {
  readonly calls: MapCall[] = [];
  readonly #options: MapRacersOptions;
  readonly #running: Promise<unknown>;
  #isStopped = false;
  /** Calls and answers, in the order of their times. */
  #now = 0;
  #numCalls = 0;

  constructor(options: MapRacersOptions) {
    this.#options = options;
    this.#running = Promise.all(Array.from({ length: options.count }, () => this.#run()));
  }

  count(kind: MapCall['outcome']['kind']): number {
    return this.calls.filter(({ outcome }) => outcome.kind === kind).length;
  }

  /** Resolves when the last has its answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const known = new Map<string, MapPosition>();
    while (!this.#isStopped) {
      const key = this.#options.random.pick(keys);
      const expected = known.get(key) ?? (await this.#versionOf(key));
      known.delete(key);
      if (expected === undefined) continue;
      const call = await this.#change(key, expected);
      this.calls.push(call);
      const version = versionIn(call);
      if (version !== undefined) known.set(key, version);
    }
  }

  /** Whoever gets no answer asks once more, at any node, with the same idempotency key. */
  async #change(key: string, expected: MapPosition): Promise<MapCall> {
    const { channel, random, anyNode } = this.#options;
    const isRemoval = expected.offset > 0 && random.below(6) === 0;
    const value = `v${++this.#numCalls}`;
    const change = {
      ...{ channel, key, idempotency_key: value, expected_version: expected.offset, expected_epoch: expected.epoch },
      ...(!isRemoval && { data: value }),
    };
    const calledAt = this.#now++;
    let outcome: MapCall['outcome'] = { kind: 'unknown' };
    for (let attempt = 0; attempt < 2 && outcome.kind === 'unknown'; attempt++) {
      const answer = await callApi(anyNode().url, isRemoval ? 'map_remove' : 'map_publish', change, callLimitMs);
      if (answer.kind !== 'ok') continue;
      const answered = outcomeOf(answer.result);
      // Refused the second time: by what it has changed itself, perhaps.
      if (attempt === 0 || answered.kind === 'made') outcome = answered;
    }
    return { key, ...(!isRemoval && { value }), expected, calledAt, answeredAt: this.#now++, outcome };
  }

  async #versionOf(key: string): Promise<MapPosition | undefined> {
    const { channel, anyNode } = this.#options;
    const answer = await callApi(anyNode().url, 'map_read_state', { channel, key }, callLimitMs);
    if (answer.kind !== 'ok') return undefined;
    // safe: the API's own answer
    const { entries, epoch } = answer.result as unknown as EntriesAnswer;
    return { epoch, offset: entries[0]?.offset ?? 0 };
  }
}

interface ChangeAnswer {
  readonly offset: number;
  readonly epoch: string;
  readonly suppress_reason?: string;
  readonly version?: number;
}

function outcomeOf(result: Readonly<Record<string, unknown>>): MapCall['outcome'] {
  // safe: the API's own answer
  const { offset, epoch, suppress_reason: reason, version = 0 } = result as unknown as ChangeAnswer;
  const at = { epoch, offset };
  if (reason === undefined || reason === 'idempotency') return { kind: 'made', at };
  return { kind: 'refused', version, at };
}

/** What the racer knows of the key by the answer. */
function versionIn({ outcome, value }: MapCall): MapPosition | undefined {
  if (outcome.kind === 'unknown') return undefined;
  const { epoch, offset } = outcome.at;
  if (outcome.kind === 'refused') return { epoch, offset: outcome.version };
  return { epoch, offset: value === undefined ? 0 : offset };
}
