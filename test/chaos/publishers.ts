/** Backends that publish at a steady rate over the HTTP API of any node, and repeat what was not answered (G6). */

import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../src/model/position.js';
import { callApi } from './chaos-api.js';
import type { ChaosNode } from './chaos-node.js';
import type { Recorder } from './recorder.js';
import type { SeededRandom } from './seeded-random.js';

export interface PublishersOptions {
  readonly ratePerSec: number;
  readonly channels: readonly string[];
  readonly nodes: readonly ChaosNode[];
  readonly recorder: Recorder;
  readonly random: SeededRandom;
  /** Under one idempotency key, so that repeating does no harm. */
  readonly repeats: boolean;
}

const numPublishers = 10;
/** Of a publisher, as many may be without an answer: one node that gives none does not stop those to the others. */
const maxInFlight = 15;
/** After this long nobody waits for an answer. */
const answerLimitMs = 10_000;
const maxAttempts = 30;
/** Of 100 publications, so many are sent to two nodes at once. */
const racesPercent = 5;

export class Publishers {
  readonly #over = new AbortController();
  readonly #running: Promise<void>[] = [];
  /** The longest that a node took to say no. */
  slowestRefusalMs = 0;
  /** Calls to a node that was up that got no answer in time. */
  numUnanswered = 0;

  constructor(private readonly options: PublishersOptions) {
    for (let n = 1; n <= numPublishers; n++) this.#running.push(this.#publish(n));
  }

  get isStopped(): boolean {
    return this.#over.signal.aborted;
  }

  /** Resolves when the last ones are answered. */
  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
  }

  async #publish(publisher: number): Promise<void> {
    const { ratePerSec, channels, random } = this.options;
    const intervalMs = (1_000 * numPublishers) / ratePerSec;
    const inFlight = new Set<Promise<void>>();
    let dueMs = performance.now() + random.unit() * intervalMs;
    for (let n = 1; !this.#over.signal.aborted; n++) {
      await delay(Math.max(0, dueMs - performance.now()));
      // Whoever was held up does not catch up: there are others.
      dueMs = Math.max(dueMs + intervalMs, performance.now());
      const one = this.#publishValue(random.pick(channels), `p${publisher}-${n}`).finally(() => inFlight.delete(one));
      inFlight.add(one);
      if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  }

  async #publishValue(channel: string, value: string): Promise<void> {
    const { repeats, random } = this.options;
    const isRace = repeats && random.below(100) < racesPercent;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const attempts = Array.from({ length: isRace ? 2 : 1 }, () => this.#attempt(channel, value));
      const isDone = (await Promise.all(attempts)).includes(true);
      if (isDone || !repeats) return;
      await delay(50 + random.below(400));
    }
  }

  async #attempt(channel: string, value: string): Promise<boolean> {
    const { nodes, random, recorder, repeats } = this.options;
    const up = nodes.filter(({ isUp }) => isUp);
    if (up.length === 0) return false;
    const node = random.pick(up);
    recorder.record({ kind: 'publish-invoked', channel, value });
    const call = { channel, data: value, ...(repeats && { idempotency_key: value }) };
    const { isPaused: wasPaused } = node;
    const outcome = await callApi(node.url, 'publish', call, answerLimitMs);
    switch (outcome.kind) {
      case 'ok': {
        const position = positionOf(outcome.result);
        recorder.record({ kind: 'publish-ok', channel, value, ...(position && { position }) });
        return true;
      }
      case 'failed':
        this.slowestRefusalMs = Math.max(this.slowestRefusalMs, outcome.tookMs);
        recorder.record({ kind: 'publish-failed', channel, value, code: outcome.code });
        return false;
      case 'unknown':
        if (outcome.tookMs >= answerLimitMs && node.isUp && !wasPaused) this.numUnanswered++;
        recorder.record({ kind: 'publish-unknown', channel, value });
        return false;
    }
  }
}

function positionOf({ offset, epoch }: Readonly<Record<string, unknown>>): Position | undefined {
  return typeof offset === 'number' && typeof epoch === 'string' ? { offset, epoch } : undefined;
}
