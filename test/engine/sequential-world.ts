/**
 * The sequential world of the guarantees: one command at a time, everything settles in between, and a model says
 * beforehand what each recovery must give (G1–G5).
 */

import { strict as assert } from 'node:assert';
import type { Random } from '../../src/engine/ports/clock.js';
import { RestartableBroker } from '../support/engine/restartable-broker.js';
import type { SimulatedClient } from '../support/engine/simulated-client.js';
import { Simulation } from '../support/engine/simulation.js';
import { usageOf } from '../support/engine/usage.js';

export const historySize = 4;
export const historyTtlMs = 60_000;
export const recoveryLimit = 6;

export type Step =
  | { readonly kind: 'connect' | 'cut' | 'cutUnread' | 'subscribe' | 'unsubscribe'; readonly client: number }
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'retry' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart' };

/** What the stream must hold, kept by the simplest means. */
class StreamModel {
  /** Everything ever acknowledged in this life of the stream; index + 1 is the offset. */
  values: number[] = [];
  #kept = 0;
  #emptyAtMs = 0;

  append(value: number, nowMs: number): void {
    this.#kept = Math.min(this.kept(nowMs) + 1, historySize);
    this.values.push(value);
    this.#emptyAtMs = nowMs + historyTtlMs;
  }

  kept(nowMs: number): number {
    return nowMs >= this.#emptyAtMs ? 0 : this.#kept;
  }

  get top(): number {
    return this.values.length;
  }

  /** Exact recovery is owed. */
  canRecover(offset: number, nowMs: number): boolean {
    const missed = this.top - offset;
    return missed >= 0 && missed <= this.kept(nowMs) && missed <= recoveryLimit;
  }
}

interface Tracked {
  readonly client: SimulatedClient;
  /** The stream's life in which the client last was subscribed. */
  generation: number;
  checkedStarts: number;
  checkedDeliveries: number;
  /** Place before the command whose effects are being checked. */
  before: number | undefined;
}

export class SequentialWorld {
  readonly #simulation: Simulation<RestartableBroker>;
  readonly #clients: Tracked[];
  #model = new StreamModel();
  #generation = 0;
  #nextValue = 0;
  #lastKey = 0;

  constructor(numClients: number, random?: Random) {
    this.#simulation = new Simulation({
      rule: { history: { size: historySize, ttl: '60s' } },
      limits: { maxRecoveredPublications: recoveryLimit, pingIntervalMs: 0 },
      ...(random && { random }),
      wrap: (make) => new RestartableBroker(make),
    });
    this.#clients = Array.from({ length: numClients }, () => ({
      client: this.#simulation.client(),
      generation: 0,
      checkedStarts: 0,
      checkedDeliveries: 0,
      before: undefined,
    }));
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#simulation.start();
    try {
      for (const step of steps) await this.#do(step);
      await this.#heal();
    } finally {
      await this.#simulation.close();
    }
  }

  async #do(step: Step): Promise<void> {
    for (const tracked of this.#clients) tracked.before = tracked.client.position?.offset;
    switch (step.kind) {
      case 'publish':
        for (let i = 0; i < step.count; i++) await this.#publish();
        break;
      case 'retry':
        await this.#retry();
        break;
      case 'wait':
        await this.#simulation.clock.advance(step.ms);
        break;
      case 'restart':
        await this.#simulation.broker.restart();
        this.#model = new StreamModel();
        this.#generation++;
        break;
      default:
        this.#act(step.kind, this.#clients[step.client % this.#clients.length]?.client);
    }
    if (step.kind === 'cutUnread') return;
    await this.#simulation.settle(this.#clients.map(({ client }) => client));
    for (const tracked of this.#clients) this.#check(tracked);
  }

  #act(kind: 'connect' | 'cut' | 'cutUnread' | 'subscribe' | 'unsubscribe', client: SimulatedClient | undefined): void {
    assert.ok(client);
    if (kind === 'cut' || kind === 'cutUnread') client.cut();
    else client[kind]();
  }

  async #publish(): Promise<void> {
    const value = this.#nextValue++;
    this.#model.append(value, this.#simulation.clock.nowMs());
    const position = await this.#simulation.publish(value, `key-${value}`);
    this.#lastKey = value;
    assert.equal(position.offset, this.#model.top, 'G1: offsets are consecutive');
  }

  /** G6: the same key again is the same publication. */
  async #retry(): Promise<void> {
    if (this.#model.top === 0) return;
    const position = await this.#simulation.publish(this.#lastKey, `key-${this.#lastKey}`);
    assert.equal(position.offset, this.#model.top, 'G6: a retry has the position of the first');
  }

  #check(tracked: Tracked): void {
    const { client } = tracked;
    assert.equal(client.early, 0, 'nothing arrives before the reply to subscribe');
    const starts = client.starts.slice(tracked.checkedStarts);
    tracked.checkedStarts = client.starts.length;
    for (const start of starts) {
      if (start.wasRecovering) {
        const offset = tracked.before ?? 0;
        const owed =
          tracked.generation === this.#generation && this.#model.canRecover(offset, this.#simulation.clock.nowMs());
        assert.equal(start.recovered, owed, `G4, G5: recovered from ${offset} of ${this.#model.top}`);
        if (!owed) assert.equal(start.publications, 0, 'G4: not one partial publication');
      }
      tracked.generation = this.#generation;
    }
    this.#checkDeliveries(tracked);
    if (client.isSubscribed && tracked.generation === this.#generation)
      assert.equal(client.position?.offset, this.#model.top, 'G2: nothing is missing at the end of the stream');
  }

  /** G1, G3: within a subscription, each next offset and the value that was acknowledged under it. */
  #checkDeliveries(tracked: Tracked): void {
    const { client } = tracked;
    for (let i = tracked.checkedDeliveries; i < client.deliveries.length; i++) {
      const delivery = client.deliveries[i];
      const start = client.starts.findLast((candidate) => candidate.deliveredBefore <= i);
      assert.ok(delivery && start);
      const previous = i > start.deliveredBefore ? client.deliveries[i - 1]?.offset : start.offset;
      assert.equal(delivery.offset, (previous ?? 0) + 1, 'G1, G3: each next offset, once');
      if (tracked.generation === this.#generation)
        assert.equal(delivery.value, this.#model.values[delivery.offset - 1], 'G2: the value that was acknowledged');
    }
    tracked.checkedDeliveries = client.deliveries.length;
  }

  /** Everyone comes back, one more publication reaches all. */
  async #heal(): Promise<void> {
    for (let i = 0; i < this.#clients.length; i++) {
      await this.#do({ kind: 'connect', client: i });
      await this.#do({ kind: 'subscribe', client: i });
    }
    await this.#do({ kind: 'publish', count: 1 });
    await this.#do({ kind: 'publish', count: 1 });
    for (const { client } of this.#clients) {
      assert.ok(client.isSubscribed, 'everyone is back');
      assert.equal(client.deliveries.at(-1)?.value, this.#nextValue - 1, 'everyone has the last publication');
    }
    for (const { client } of this.#clients) client.cut();
    await this.#simulation.settle([]);
    assert.equal(this.#simulation.node.ports.hub.numChannels, 0, 'F20: the hub empties');
    assert.deepEqual(usageOf(this.#simulation.node.ports), [], 'F20: nor does a rule count what has gone');
    assert.equal(this.#simulation.node.ports.sessions.size, 0, 'F20: no session is left');
  }
}
