/**
 * Decides which transport is next: the next lower one when one does not work, and up again later. Has no effects of its
 * own.
 */

import type { ClientPorts } from './client-ports.js';
import type { TransportMemory } from './transport-memory.js';
import type { TransportName } from './transport-name.js';

/** How a connection ended: it broke, it became silent, or the server or this client ended it. */
type Ending = 'broken' | 'silent' | 'told';

interface LadderOptions {
  /** At least one, the best first. */
  readonly transports: readonly [TransportName, ...TransportName[]];
  readonly memory: TransportMemory;
  readonly clock: ClientPorts['clock'];
  /** How long a connection has to live to show that its transport works, in milliseconds. */
  readonly steadyAfterMs: number;
}

/** Broken connections in a row, none of them steady, after which a transport is given up. */
const maxBroken = 2;
/** A transport that has worked gets a second attempt, since the server is probably down rather than blocked. */
const maxFailuresOfSteady = 2;
/** Silence is noticed late, since pings are far apart. */
const silenceFactor = 6;

export class Ladder {
  readonly #steady = new Set<TransportName>();
  #index: number;
  #numFailures = 0;
  #numBroken = 0;
  #connection: { readonly transport: TransportName; readonly sinceMs: number } | undefined;
  #cancelSteady = () => {};

  constructor(private readonly options: LadderOptions) {
    const { transports, memory } = options;
    this.#index = Math.max(0, transports.map(String).indexOf(memory.recall() ?? ''));
  }

  /** The transport of the next attempt, or of the current connection. */
  get transport(): TransportName {
    const { transports } = this.options;
    return transports[this.#index] ?? transports[0];
  }

  get isAtTop(): boolean {
    return this.#index === 0;
  }

  /** Whether the best transport has worked for this client. */
  get hasTopBeenSteady(): boolean {
    return this.#steady.has(this.options.transports[0]);
  }

  /** An attempt has failed, possibly because of its transport. */
  failed(): void {
    this.#numFailures++;
    const allowed = this.#steady.has(this.transport) ? maxFailuresOfSteady : 1;
    if (this.#numFailures >= allowed) this.#goDown();
  }

  /** @param onTopSteady called when a connection over the best transport has lived long enough */
  connected(onTopSteady: () => void): void {
    const { memory, clock, steadyAfterMs } = this.options;
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

  /** Does nothing if it was not connected. */
  ended(ending: Ending): void {
    if (this.#connection === undefined) return;
    const { clock, steadyAfterMs } = this.options;
    const { transport, sinceMs } = this.#connection;
    const livedMs = clock.nowMs() - sinceMs;
    this.#connection = undefined;
    this.#cancelSteady();
    const isTooShort = livedMs < (ending === 'silent' ? steadyAfterMs * silenceFactor : steadyAfterMs);
    // A connection that was about to be replaced says nothing about its transport.
    if (ending === 'told' || !isTooShort || transport !== this.transport) return;
    this.#numBroken++;
    if (this.#numBroken >= maxBroken) this.#goDown();
  }

  /** The best transport works again, and is for the next attempt. */
  goToTop(): void {
    this.#go(0);
  }

  /** The first follows the last: if no transport works, the server is down, and may be back by now. */
  #goDown(): void {
    this.#go((this.#index + 1) % this.options.transports.length);
  }

  #go(index: number): void {
    this.#index = index;
    this.#numFailures = 0;
    this.#numBroken = 0;
  }
}
