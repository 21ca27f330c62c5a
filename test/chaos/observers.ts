/** Ask every node now and then whether it is well and who is present, and have people come and go meanwhile. */

import type { Audience } from './audience.js';
import { callApi, healthStatus } from './chaos-api.js';
import type { ChaosNode } from './chaos-node.js';
import type { Recorder } from './recorder.js';
import type { SeededRandom } from './seeded-random.js';

export interface ObserversOptions {
  readonly channels: readonly string[];
  readonly nodes: readonly ChaosNode[];
  readonly audience: Audience;
  readonly recorder: Recorder;
  readonly random: SeededRandom;
  /** For how long this process was given no time so far. */
  stalledMs(): number;
}

const intervalMs = 1_000;
const healthLimitMs = 5_000;
/** What took longer to be told is of no certain time. */
const maxViewMs = 400;
const visitorsAtATime = 3;

export class Observers {
  readonly #timer: NodeJS.Timeout;
  readonly #visitors: { leave(): void }[] = [];
  #numVisitors = 0;
  #stalledMs = 0;

  constructor(private readonly options: ObserversOptions) {
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  /** Nobody comes any more, and those who are there go. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    for (const visitor of this.#visitors.splice(0)) visitor.leave();
  }

  /** Of every channel, by every node. */
  async viewAll(): Promise<void> {
    const { nodes, channels } = this.options;
    await Promise.all(nodes.flatMap((node) => channels.map((channel) => this.#viewPresence(node, channel))));
  }

  #look(): void {
    const { nodes, channels, random } = this.options;
    this.#noteStall();
    for (const node of nodes) {
      if (!node.isUp) continue;
      void this.#viewHealth(node);
      void this.#viewPresence(node, random.pick(channels));
    }
    this.#changeVisitors();
  }

  /** Where this process got no time, nodes and brokers may have got none either. */
  #noteStall(): void {
    const { recorder, stalledMs } = this.options;
    const before = this.#stalledMs;
    this.#stalledMs = stalledMs();
    if (this.#stalledMs > before)
      void recorder.during('the machine has no time', { starves: true }, async () => undefined);
  }

  #changeVisitors(): void {
    const { audience, channels, random } = this.options;
    if (this.#visitors.length >= visitorsAtATime) this.#visitors.shift()?.leave();
    this.#visitors.push(audience.comeAndGo(`visitor ${++this.#numVisitors}`, random.pick(channels)));
  }

  async #viewHealth(node: ChaosNode): Promise<void> {
    const { recorder } = this.options;
    const [live, ready] = await Promise.all([
      healthStatus(node.url, 'live', healthLimitMs),
      healthStatus(node.url, 'ready', healthLimitMs),
    ]);
    recorder.record({ kind: 'health-view', node: node.name, isReady: ready === 200, isLive: live === 200 });
  }

  async #viewPresence(node: ChaosNode, channel: string): Promise<void> {
    const { recorder } = this.options;
    const outcome = await callApi(node.url, 'presence', { channel }, healthLimitMs);
    if (outcome.kind !== 'ok' || outcome.tookMs > maxViewMs) return;
    const connections = Object.keys(outcome.result.presence ?? {});
    recorder.record({ kind: 'presence-view', channel, node: node.name, connections });
  }
}
