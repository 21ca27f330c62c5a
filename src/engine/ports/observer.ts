/** What the engine tells the application about clients and channels, after the fact. */

import type { Disconnect, Unsubscribe } from '../../model/codes.js';
import type { ConnectedClient } from './authenticator.js';
import type { Clock } from './clock.js';

/**
 * All optional. Called at the end of the turn in which it happened, in the order in which it happened, and not waited
 * for; what one throws or rejects with is logged. `occupied` and `vacated` are about this node.
 */
export interface Observer {
  connected?(client: ConnectedClient): unknown;
  disconnected?(client: ConnectedClient, why: Disconnect): unknown;
  subscribed?(client: ConnectedClient, channel: string): unknown;
  unsubscribed?(client: ConnectedClient, channel: string, why: Unsubscribe): unknown;
  /** The channel has its first subscriber. */
  occupied?(channel: string): unknown;
  /** The channel has lost its last subscriber. */
  vacated?(channel: string): unknown;
}

/** Calls an observer from where the engine must not be interrupted. */
export class Notifier {
  #queue: (() => unknown)[] = [];

  constructor(
    /** May be replaced by another one. */
    public observer: Observer,
    private readonly clock: Clock,
    /** Told what a method has thrown. */
    private readonly onFailed: (error: unknown) => void,
  ) {}

  /** Costs nothing when nobody listens to this kind of event. */
  notify<Name extends keyof Observer>(name: Name, ...args: Parameters<NonNullable<Observer[Name]>>): void {
    const { observer } = this;
    if (observer[name] === undefined) return;
    // safe: the arguments are those of this very method
    this.#queue.push(() => (observer[name] as (...args: unknown[]) => unknown)(...args));
    if (this.#queue.length === 1) this.clock.afterTurn(() => this.#flush());
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const call of queue) {
      // A call that throws becomes a rejection like any other.
      Promise.resolve().then(call).catch(this.onFailed);
    }
  }
}
