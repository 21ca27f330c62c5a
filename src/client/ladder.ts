/** Which transport is next: down when one does not work, and up again. Decides from what it is told; does nothing itself. */

import type { ClientPorts } from './client-ports.js';
import type { TransportMemory } from './transport-memory.js';
import type { TransportName } from './transport-name.js';

/** How a connection came to its end: it broke, nothing came any more, or the server or this side ended it. */
type Ending = 'broken' | 'silent' | 'told';

interface LadderOptions {
  /** At least one, the best first. */
  readonly transports: readonly [TransportName, ...TransportName[]];
  readonly memory: TransportMemory;
  readonly clock: ClientPorts['clock'];
  /** A connection that lives so long, in milliseconds, shows that its transport works. */
  readonly steadyAfterMs: number;
}

/** So many broken connections in a row, none of which became steady, and the transport is given up. */
const maxBroken = 2;
/** A transport that has worked is given a second attempt: more likely the server is down than its way blocked. */
const maxFailuresOfSteady = 2;
/** Silence is noticed late: pings are far apart. */
const silenceFactor = 6;

export class Ladder {
  readonly #options: LadderOptions;
  readonly #steady = new Set<TransportName>();
  #index: number;
  #numFailures = 0;
  #numBroken = 0;
  #connection: { readonly transport: TransportName; readonly sinceMs: number } | undefined;
  #cancelSteady = () => {};

  constructor(options: LadderOptions) {
    this.#options = options;
    const { transports, memory } = options;
    this.#index = Math.max(0, transports.map(String).indexOf(memory.recall() ?? ''));
  }

  /** For the next attempt, or of the present connection. */
  get transport(): TransportName {
    const { transports } = this.#options;
    return transports[this.#index] ?? transports[0];
  }

  get isAtTop(): boolean {
    return this.#index === 0;
  }

  /** The best one has worked for this client. */
  get hasTopBeenSteady(): boolean {
    return this.#steady.has(this.#options.transports[0]);
  }

  /** An attempt has not led to a connection, and it may be its transport that is to blame. */
  failed(): void {
    this.#numFailures++;
    const allowed = this.#steady.has(this.transport) ? maxFailuresOfSteady : 1;
    if (this.#numFailures >= allowed) this.#goDown();
  }

  /** @param onTopSteady called when a connection by the best one has lived long enough */
  connected(onTopSteady: () => void): void {
    const { memory, clock, steadyAfterMs } = this.#options;
    const { transport, isAtTop } = this;
    this.#numFailures = 0;
    this.#connection = { transport, sinceMs: clock.nowMs() };
    if (!isAtTop) memory.remember(transport);
    this.#cancelSteady = clock.schedule(() => {
      this.#steady.add(transport);
      this.#numBroken = 0;
      if (!isAtTop) return;
      memory.forget();
      onTopSteady();
    }, steadyAfterMs);
  }

  /** What was not connected can not end: nothing happens then. */
  ended(ending: Ending): void {
    if (this.#connection === undefined) return;
    const { clock, steadyAfterMs } = this.#options;
    const { transport, sinceMs } = this.#connection;
    const livedMs = clock.nowMs() - sinceMs;
    this.#connection = undefined;
    this.#cancelSteady();
    const isTooShort = livedMs < (ending === 'silent' ? steadyAfterMs * silenceFactor : steadyAfterMs);
    // Nothing is to be learnt of one that was to be left anyway.
    if (ending === 'told' || !isTooShort || transport !== this.transport) return;
    this.#numBroken++;
    if (this.#numBroken >= maxBroken) this.#goDown();
  }

  /** The best one passes again: it is for the next attempt. */
  goToTop(): void {
    this.#go(0);
  }

  /** Below the last one is the first: when none works it is the server that does not, and it may be back. */
  #goDown(): void {
    this.#go((this.#index + 1) % this.#options.transports.length);
  }

  #go(index: number): void {
    this.#index = index;
    this.#numFailures = 0;
    this.#numBroken = 0;
  }
}
