/** The nodes of a simulated fleet, each of which can end, stand still, and be started again; and who leads clients there. */

import type { EngineLimits } from '../../../src/engine/ports/limits.js';
import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { BrokerServer } from '../servers/broker-server.js';
import { SimProcess } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { SimNode } from './sim-node.js';
import type { Timeline } from './timeline.js';

interface FleetPorts {
  readonly time: VirtualTime;
  readonly server: BrokerServer;
  readonly random: SeededRandom;
  readonly limits: Partial<EngineLimits>;
  readonly timeline: Timeline;
  /** The process of a node has ended. */
  onEnded(process: SimProcess, isSilent: boolean): void;
  report(text: string): void;
}

/** Whoever watches over servers starts one again that does not come up. */
const startAgainMs = 1_000;
/** Connecting to the broker has its own, shorter limits. */
const startLimitMs = 15_000;

/** A place for a node: its name stays, whatever process is there. */
export class Place {
  #current: SimNode | undefined;
  /** It is to be there: an attempt to start it that fails is repeated. */
  #isWanted = false;

  constructor(
    readonly name: string,
    private readonly ports: FleetPorts,
  ) {}

  /** Absent while there is no process. */
  get current(): SimNode | undefined {
    return this.#current?.process.isAlive === true ? this.#current : undefined;
  }

  /** A load balancer leads clients there. */
  get isUp(): boolean {
    return this.current?.isUp === true;
  }

  start(): void {
    this.#isWanted = true;
    if (this.current === undefined) this.#launch();
  }

  /** @param isSilent the machine goes with it, so that no connection is ended by anybody */
  kill(isSilent: boolean): void {
    const { current } = this;
    this.#isWanted = false;
    if (current === undefined) return;
    current.process.kill();
    this.ports.onEnded(current.process, isSilent);
  }

  pause(): void {
    this.current?.process.pause();
  }

  resume(): void {
    this.current?.process.resume();
  }

  /** As a deploy: it leaves, and another takes its place. */
  roll(): void {
    const { current } = this;
    if (current === undefined || !current.isUp) return;
    const again = () => {
      if (this.#current !== current) return;
      const wasWanted = this.#isWanted;
      this.kill(false);
      if (wasWanted) this.start();
    };
    current
      .leave()
      .then(again, (error: unknown) => this.ports.report(`${this.name} could not leave: ${String(error)}`));
    // By F12.
    current.process.schedule(() => {
      if (this.#current !== current) return;
      this.ports.report(`F12 ${this.name} has not ended 30 s after it was told to`);
    }, 30_000);
  }

  #launch(): void {
    const { time, server, random, limits, timeline, report } = this.ports;
    const process = new SimProcess(this.name, time);
    const node = new SimNode({
      name: this.name,
      process,
      server,
      random,
      limits,
      log: timeline.logOf(this.name, report),
    });
    this.#current = node;
    const failed = (reason: string) => {
      if (this.#current !== node || !process.isAlive || node.isStarted) return;
      timeline.add(this.name, `does not start: ${reason}`);
      process.kill();
      this.ports.onEnded(process, false);
      time.schedule(() => {
        if (this.#isWanted && this.current === undefined) this.#launch();
      }, startAgainMs);
    };
    process.schedule(() => failed('it takes too long'), startLimitMs);
    node.start().then(
      () => timeline.add(this.name, 'is up'),
      (error: unknown) => failed(error instanceof Error ? error.message : String(error)),
    );
  }
}

export class Fleet {
  readonly places: readonly Place[];
  /** The node that each client was led to last. */
  readonly #ledTo = new Map<string, SimNode>();
  /** Where connections have been seen, by their names. */
  readonly #heldBy = new Map<string, string>();
  readonly #random: SeededRandom;

  constructor(numNodes: number, ports: FleetPorts) {
    this.places = Array.from({ length: numNodes }, (_, n) => new Place(`n${n + 1}`, ports));
    this.#random = ports.random;
  }

  get up(): SimNode[] {
    return this.places.flatMap(({ current }) => (current?.isUp === true ? [current] : []));
  }

  get alive(): SimNode[] {
    return this.places.flatMap(({ current }) => current ?? []);
  }

  /** Leads a client somewhere. `undefined`: nobody is there. */
  pick(client: string): SimNode | undefined {
    const { up } = this;
    if (up.length === 0) return undefined;
    const node = this.#random.pick(up);
    this.#ledTo.set(client, node);
    return node;
  }

  /** Whether some node has the connection. */
  has(connection: string): boolean {
    return this.#holderOf(connection) !== undefined;
  }

  /** Whether some node has it, in that channel. */
  isIn(connection: string, channel: string): boolean {
    const subscriptions = this.#holderOf(connection)?.node.ports.sessions.byClient(connection)?.subscriptions ?? [];
    return [...subscriptions].some((one) => one.channel === channel);
  }

  /** The node with the connection, or that had it, if its client does not know yet; otherwise the one that the client was led to. */
  nodeOf(client: string, connection: string | undefined): string {
    if (connection !== undefined) {
      const holder = this.#holderOf(connection);
      if (holder !== undefined) this.#heldBy.set(connection, holder.name);
      const name = this.#heldBy.get(connection);
      if (name !== undefined) return name;
    }
    return this.#ledTo.get(client)?.name ?? '';
  }

  #holderOf(connection: string): SimNode | undefined {
    for (const { current } of this.places) {
      if (current?.node.ports.sessions.byClient(connection) !== undefined) return current;
    }
    return undefined;
  }
}
