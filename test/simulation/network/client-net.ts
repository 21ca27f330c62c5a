/** The network of one client: its connections to nodes, and what becomes of them when it fails, slows down or vanishes. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { SimProcess } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { Way } from './way.js';

/** One way, between a client and a node. */
const [leastDelayMs, mostDelayMs] = [1, 40];

/** What systems keep of a connection on whose other side nobody reads. */
const kernelBytes = 32_768;

interface Waiting {
  readonly numBytes: number;
  readonly arrive: () => void;
  readonly taken: () => void;
}

/** One connection, with as much flow control as TCP has. */
export class ClientLine {
  readonly toNode: Way;
  readonly toClient: Way;
  /** On the client: the connection has broken. Called once, unless the client has closed it. */
  onLost: () => void = () => undefined;
  /** On the node: the client is gone. Called once, unless the node has closed it. */
  onGone: () => void = () => undefined;
  /** Something in between has forgotten it: nothing passes any more. */
  isForgotten = false;
  #isOpen = true;
  #isServed = true;
  #numUnderWay = 0;
  readonly #waiting: Waiting[] = [];
  #numWaiting = 0;

  constructor(
    readonly node: SimProcess,
    private readonly time: VirtualTime,
    private readonly delayMs: () => number,
  ) {
    this.toNode = new Way(time, delayMs, node);
    this.toClient = new Way(time, delayMs);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isServed(): boolean {
    return this.#isServed;
  }

  /** Bytes that the node's system has not taken. */
  get bufferedBytes(): number {
    return this.#numWaiting;
  }

  /** From the node. @param taken its system has taken it */
  write(numBytes: number, arrive: () => void, taken: () => void = () => undefined): void {
    if (!this.#isServed) return;
    this.#waiting.push({ numBytes, arrive, taken });
    this.#numWaiting += numBytes;
    this.#pump();
  }

  /** The client closes it, and the node hears of it if it can. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.toClient.cut();
    this.toNode.send(() => this.#gone());
  }

  /** The node closes it, at once. */
  end(): void {
    if (!this.#isServed) return;
    this.#isServed = false;
    this.#drop();
    this.toNode.cut();
    this.toClient.send(() => this.lost());
  }

  /** The client finds it broken, and the node hears of it if it can. */
  breaks(): void {
    if (!this.#isOpen) return;
    this.toNode.send(() => this.#gone());
    this.lost();
  }

  /** The node's process has ended. @param isSilent its machine, too: nobody says so */
  nodeEnded(isSilent: boolean): void {
    this.#isServed = false;
    this.#drop();
    if (!isSilent) this.time.schedule(() => this.lost(), this.delayMs());
  }

  lost(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.toClient.cut();
    this.onLost();
  }

  #gone(): void {
    if (!this.#isServed) return;
    this.#isServed = false;
    this.#drop();
    this.toNode.cut();
    this.onGone();
  }

  #pump(): void {
    while (this.#numUnderWay < kernelBytes) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#numWaiting -= next.numBytes;
      this.#numUnderWay += next.numBytes;
      this.toClient.send(() => {
        this.#numUnderWay -= next.numBytes;
        next.arrive();
        // It has room again, which takes no time here.
        if (this.node.isAlive) this.#pump();
      });
      // Last, since more may be written by whoever hears of it.
      next.taken();
    }
  }

  #drop(): void {
    this.#waiting.length = 0;
    this.#numWaiting = 0;
  }
}

export type ClientHole = 'both' | 'toNode' | 'toClient';

export class ClientNet {
  readonly #lines = new Set<ClientLine>();
  #hole: ClientHole | undefined;
  #isStalled = false;
  /** When it was last unable to read, as it had stopped. */
  stalledUntilMs = Number.NEGATIVE_INFINITY;
  /** When nothing came to it last, for whatever reason: what waited then comes late. */
  cutOffUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly time: VirtualTime,
    private readonly random: SeededRandom,
  ) {}

  get isStalled(): boolean {
    return this.#isStalled;
  }

  get isImpaired(): boolean {
    return this.#isStalled || this.#hole !== undefined;
  }

  *lines(): IterableIterator<ClientLine> {
    yield* this.#lines;
  }

  /** A connection that is being made. */
  open(node: SimProcess): ClientLine {
    const line = new ClientLine(node, this.time, () => this.#delayMs());
    for (const one of this.#lines) if (!one.isOpen && !one.isServed) this.#lines.delete(one);
    this.#lines.add(line);
    this.#apply(line);
    return line;
  }

  /** All connections break. */
  breakAll(): void {
    for (const line of this.#lines) line.breaks();
  }

  /** Packets vanish, and nobody is told. @param isForGood those of the connections that there are never come again */
  vanish(hole: ClientHole, isForGood: boolean): void {
    this.#hole = hole;
    for (const line of this.#lines) {
      this.#apply(line);
      if (isForGood) line.isForgotten = true;
    }
  }

  /** It reads nothing that comes, and sends what it has to. */
  stall(): void {
    this.#isStalled = true;
    for (const line of this.#lines) this.#apply(line);
  }

  /** Everything is well again. */
  heal(): void {
    if (this.#isStalled) this.stalledUntilMs = this.time.nowMs;
    if (this.#getsNothing) this.cutOffUntilMs = this.time.nowMs;
    this.#hole = undefined;
    this.#isStalled = false;
    for (const line of this.#lines) {
      if (line.isForgotten) continue;
      line.toNode.unblock();
      line.toClient.unblock();
    }
  }

  /** The node's process has ended. */
  nodeEnded(node: SimProcess, isSilent: boolean): void {
    for (const line of this.#lines) {
      if (line.node !== node) continue;
      line.nodeEnded(isSilent);
      if (!isSilent) this.#lines.delete(line);
    }
  }

  get #getsNothing(): boolean {
    return this.#hole === 'both' || this.#hole === 'toClient' || this.#isStalled;
  }

  #apply(line: ClientLine): void {
    if (this.#hole === 'both' || this.#hole === 'toNode') line.toNode.block();
    if (this.#getsNothing) line.toClient.block();
  }

  #delayMs(): number {
    return leastDelayMs + this.random.unit() ** 2 * (mostDelayMs - leastDelayMs);
  }
}
