/** One direction of a connection: what is sent arrives later and in order, waits in a black hole, or is lost with its end. */

import type { SimProcess } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';

/** So that delays, however random, do not pile up in one instant. */
const leastGapMs = 0.001;

export class Way {
  #arrivesMs = 0;
  /** In the order of sending; whenever something arrives, it is the first. */
  readonly #sent: (() => void)[] = [];
  /** That would have arrived, were there no black hole. */
  #numHeld = 0;
  #isBlocked = false;
  #isCut = false;

  /**
   * @param delayMs of the next thing that is sent
   * @param receiver what arrives happens in it
   */
  constructor(
    private readonly time: VirtualTime,
    private readonly delayMs: () => number,
    private readonly receiver?: SimProcess,
  ) {}

  /** Things that have not arrived. */
  get numUnderWay(): number {
    return this.#sent.length;
  }

  /** The sender is told nothing, whatever becomes of it. */
  send(arrive: () => void): void {
    if (this.#isCut) return;
    this.#sent.push(arrive);
    this.#carry();
  }

  /** Nothing arrives any more, and nobody is told. */
  block(): void {
    this.#isBlocked = true;
  }

  /** What has waited goes on, as TCP repeats it. */
  unblock(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    const held = this.#numHeld;
    this.#numHeld = 0;
    for (let n = 0; n < held; n++) this.#carry();
  }

  /** Everything that has not arrived is lost. */
  cut(): void {
    this.#isCut = true;
    this.#sent.length = 0;
  }

  #carry(): void {
    const { nowMs } = this.time;
    const atMs = Math.max(nowMs + this.delayMs(), this.#arrivesMs + leastGapMs);
    this.#arrivesMs = atMs;
    this.time.schedule(() => this.#arrive(), atMs - nowMs, this.receiver);
  }

  #arrive(): void {
    if (this.#isBlocked) this.#numHeld++;
    else this.#sent.shift()?.();
  }
}
