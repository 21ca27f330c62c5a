/** Look at a fleet at intervals and after steps: presence, health, bounds, and what a policy owes. */

import { limits } from './rules.js';
import type { SimWorld } from './sim-world.js';

const intervalMs = 1_500;
/** What took longer to be told is of no certain time. */
const maxViewMs = 400;
const maxQueueBytes = limits.maxQueueBytes ?? 0;

export class Observers {
  #isOver = false;

  constructor(private readonly world: SimWorld) {}

  start(): void {
    this.world.time.schedule(() => {
      if (this.#isOver) return;
      this.#look();
      this.start();
    }, intervalMs);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** After a step. G11: nobody's queue exceeds its limit. */
  step(): void {
    for (const { name, node } of this.world.fleet.alive) {
      const { largest } = node.ports.sessions.queues();
      if (largest > maxQueueBytes) this.world.report('G11', `${largest} bytes wait for one connection at ${name}`);
    }
  }

  /** Of every channel with presence, by every node. */
  viewAll(): void {
    for (const place of this.world.fleet.places)
      for (const channel of this.#channels) this.#viewPresence(place.name, channel);
  }

  get #channels(): string[] {
    return this.world.channels.filter((name) => /^(stream|plain):/.test(name));
  }

  #look(): void {
    const { fleet, random, policies } = this.world;
    for (const place of fleet.places) {
      const { current } = place;
      if (current?.isUp !== true || current.process.isPaused) continue;
      this.world.record({ kind: 'health-view', node: place.name, isReady: current.isReady, isLive: true });
      if (this.#channels.length > 0) this.#viewPresence(place.name, random.pick(this.#channels));
    }
    policies.checkOverdue();
  }

  #viewPresence(name: string, channel: string): void {
    const { fleet, time } = this.world;
    const node = fleet.places.find((place) => place.name === name)?.current;
    if (node?.isUp !== true || node.process.isPaused) return;
    const beganMs = time.nowMs;
    node.node.operations.presence(channel).then(
      (clients) => {
        if (time.nowMs - beganMs > maxViewMs) return;
        const connections = clients.map(({ client }) => client);
        this.world.record({ kind: 'presence-view', channel, node: name, connections });
      },
      () => undefined,
    );
  }
}
