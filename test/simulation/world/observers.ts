/** Look at a fleet at intervals and after steps: presence, health, bounds, what a policy owes, and who waits for nothing. */

import { limits } from './rules.js';
import type { SimWorld } from './sim-world.js';

const intervalMs = 1_500;
/** What took longer to be told is of no certain time. */
const maxViewMs = 400;
const maxQueueBytes = limits.maxQueueBytes ?? 0;
/** G2, and as much as an answer may take. */
const wedgedMs = 21_000;

export class Observers {
  #isOver = false;
  /** Since when no node has the connection that a client believes to have. */
  readonly #wedged = new Map<string, number>();

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

  /**
   * Looks at every channel with presence through every node.
   *
   * @returns whether all that has been answered by the time of asking is who is there, and nobody is left to answer
   */
  viewAll(): () => boolean {
    const { places } = this.world.fleet;
    let numRight = 0;
    for (const { name } of places) {
      for (const channel of this.#channels) {
        this.#viewPresence(name, channel, (connections) => {
          if (this.#isRight(channel, connections)) numRight++;
        });
      }
    }
    return () => numRight === places.length * this.#channels.length;
  }

  #isRight(channel: string, connections: readonly string[]): boolean {
    const there = this.world.clients.flatMap(({ connection, subscribed }) =>
      connection !== undefined && subscribed.has(channel) ? [connection] : [],
    );
    return there.length === connections.length && there.every((one) => connections.includes(one));
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
    this.#lookForWedged();
  }

  /** Who has heard of the end of its connection by no way is let know all the same. */
  #lookForWedged(): void {
    const { clients, fleet, time } = this.world;
    for (const { name, connection, net } of clients) {
      const isWell = connection === undefined || fleet.has(connection) || net.isImpaired;
      const sinceMs = this.#wedged.get(name);
      if (isWell) this.#wedged.delete(name);
      else if (sinceMs === undefined) this.#wedged.set(name, time.nowMs);
      else if (time.nowMs - sinceMs > wedgedMs && !this.world.grounds.wasSilenced(time.nowMs - 2 * wedgedMs)) {
        this.world.report('G2', `${name} has had no connection for ${wedgedMs} ms and does not know`);
      }
    }
  }

  /** Of the connections that clients believe to have in the channel, those that nodes have in it. */
  #heldIn(channel: string): ReadonlySet<string> {
    const { clients, fleet } = this.world;
    const believed = clients.flatMap(({ connection }) => connection ?? []);
    return new Set(believed.filter((one) => fleet.isIn(one, channel)));
  }

  #viewPresence(name: string, channel: string, onView?: (connections: readonly string[]) => void): void {
    const { fleet, time } = this.world;
    const node = fleet.places.find((place) => place.name === name)?.current;
    if (node?.isUp !== true || node.process.isPaused) return;
    const beganMs = time.nowMs;
    node.node.operations.presence(channel).then(
      (clients) => {
        if (time.nowMs - beganMs > maxViewMs) return;
        const connections = clients.map(({ client }) => client);
        this.world.record({ kind: 'presence-view', channel, node: name, connections, held: this.#heldIn(channel) });
        onView?.(connections);
      },
      () => undefined,
    );
  }
}
