/** The connections of nodes with the broker's server, and what the network does to them. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { SimProcess } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { Way } from './way.js';

export type Direction = 'both' | 'toServer' | 'toNode';

/** Packets of these connections vanish. */
interface BlackHole {
  readonly node: SimProcess;
  readonly direction: Direction;
  /** Absent: of all of the node's connections. */
  readonly purpose: string | undefined;
}

/** One way, without the time that the server needs. */
const [leastDelayMs, mostDelayMs] = [0.1, 1.5];

/** One connection. Its owner on either side is told of its end once, unless it has ended it itself. */
export class BrokerLine {
  readonly toServer: Way;
  readonly toNode: Way;
  /** On the node: the connection has broken. */
  onLost: (error: Error) => void = () => undefined;
  /** On the server: the node has closed it, or is gone. */
  onGone: () => void = () => undefined;
  #isOpen = true;
  #isServed = true;
  /** That it has broken is not known on the node yet. */
  isBroken = false;

  /** What the node uses it for, as soon as that shows. */
  purpose = '';

  constructor(
    readonly node: SimProcess,
    private readonly time: VirtualTime,
    private readonly delayMs: () => number,
    private readonly server: SimProcess,
  ) {
    this.toServer = new Way(time, delayMs, server);
    this.toNode = new Way(time, delayMs, node);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The server has not heard of its end. */
  get isServed(): boolean {
    return this.#isServed;
  }

  /** The node ends it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.toNode.cut();
    this.toServer.send(() => this.gone());
  }

  /** The server has no use for it any more. */
  gone(): void {
    if (!this.#isServed) return;
    this.#isServed = false;
    this.toServer.cut();
    this.onGone();
  }

  /** The node hears that it has broken. */
  lost(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.toNode.cut();
    this.time.schedule(() => this.onLost(new Error('read ECONNRESET')), this.delayMs(), this.node);
  }

  /** The node has ended: the system closes its connections. */
  orphaned(): void {
    this.#isOpen = false;
    this.toNode.cut();
    this.time.schedule(() => this.gone(), this.delayMs(), this.server);
  }
}

export class BrokerNet {
  readonly #lines = new Set<BrokerLine>();
  #holes: BlackHole[] = [];
  /** The server's answers take so many times as long. */
  slowness = 1;
  /** Nothing listens there. */
  isDown = false;

  constructor(
    private readonly time: VirtualTime,
    private readonly random: SeededRandom,
    /** In which everything happens that arrives there. */
    readonly server: SimProcess,
  ) {}

  /**
   * Connects. Rejects if nothing listens; hangs in a black hole.
   *
   * @param accept called on the server, with the connection
   */
  connect(node: SimProcess, accept: (line: BrokerLine) => void): Promise<BrokerLine> {
    return new Promise((resolve, reject) => {
      const line = new BrokerLine(node, this.time, () => this.#delayMs(), this.server);
      for (const one of this.#lines) if (!one.isOpen && !one.isServed) this.#lines.delete(one);
      this.#lines.add(line);
      for (const hole of this.#holes) if (concerns(hole, line)) setWays(line, hole.direction, true);
      line.onLost = reject;
      line.toServer.send(() => {
        if (this.isDown) {
          line.gone();
          line.toNode.send(() => {
            line.close();
            reject(new Error('connect ECONNREFUSED'));
          });
          return;
        }
        accept(line);
        line.toNode.send(() => resolve(line));
      });
    });
  }

  /** It shows what the connection is for, so that black holes for that purpose are there from now on. */
  name(line: BrokerLine, purpose: string): void {
    if (line.purpose === purpose) return;
    line.purpose = purpose;
    for (const hole of this.#holes)
      if (hole.purpose === purpose && hole.node === line.node) setWays(line, hole.direction, true);
  }

  /** Packets vanish, and nobody is told. */
  block(node: SimProcess, direction: Direction, purpose?: string): void {
    const hole = { node, direction, purpose };
    this.#holes.push(hole);
    for (const line of this.#lines) if (concerns(hole, line)) setWays(line, direction, true);
  }

  /** All of the node's black holes are gone. */
  unblock(node: SimProcess): void {
    this.#holes = this.#holes.filter((hole) => hole.node !== node);
    for (const line of this.#lines) {
      if (line.node !== node) continue;
      setWays(line, 'both', false);
      if (line.isBroken) line.lost();
    }
  }

  isBlocked(node: SimProcess): boolean {
    return this.#holes.some((hole) => hole.node === node);
  }

  /** The server has ended, or ends connections: those of one node, of one purpose, or all. */
  breakLines(matches: (line: BrokerLine) => boolean = () => true): void {
    for (const line of this.#lines) {
      if (!matches(line)) continue;
      line.gone();
      line.isBroken = true;
      // In a black hole the word about it vanishes, too.
      if (!this.#holes.some((hole) => concerns(hole, line) && hole.direction !== 'toServer')) line.lost();
    }
  }

  /** The node's process has ended. */
  nodeEnded(node: SimProcess): void {
    for (const line of this.#lines) {
      if (line.node !== node) continue;
      line.orphaned();
      this.#lines.delete(line);
    }
  }

  #delayMs(): number {
    return (leastDelayMs + this.random.unit() * (mostDelayMs - leastDelayMs)) * this.slowness;
  }
}

function concerns({ node, purpose }: BlackHole, line: BrokerLine): boolean {
  return line.node === node && (purpose === undefined || purpose === line.purpose);
}

function setWays(line: BrokerLine, direction: Direction, isBlocked: boolean): void {
  const ways = direction === 'both' ? [line.toServer, line.toNode] : [line[direction]];
  for (const way of ways) {
    if (isBlocked) way.block();
    else way.unblock();
  }
}
