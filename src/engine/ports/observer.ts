/** Notifications of the engine to the application about clients and channels. */

import type { Disconnect, Unsubscribe } from '../../model/codes.js';
import type { ConnectedClient } from './authenticator.js';
import type { Clock } from './clock.js';
import type { Tracer } from './tracer.js';

/**
 * All optional. Called at the end of the turn of the event, in the order of events, and not awaited; exceptions and
 * rejections are logged. `occupied` and `vacated` concern this node only. `cancelled` is called on one node of the fleet.
 */
export interface Observer {
  /** A client is connected. */
  connected?(client: ConnectedClient): unknown;
  /** A connection has ended, with the code and the reason. */
  disconnected?(client: ConnectedClient, why: Disconnect): unknown;
  /** A client is subscribed to a channel. */
  subscribed?(client: ConnectedClient, channel: string): unknown;
  /** A subscription has ended, with the code and the reason; also by the end of the connection. */
  unsubscribed?(client: ConnectedClient, channel: string, why: Unsubscribe): unknown;
  /** The channel has its first subscriber. */
  occupied?(channel: string): unknown;
  /** The channel has lost its last subscriber. */
  vacated?(channel: string): unknown;
  /** A stream whose producer goes on until it is told; `alone`: nobody has read it for as long as its rule says. */
  cancelled?(channel: string, stream: string, why: 'cancelled' | 'alone'): unknown;
}

/** Calls an observer without interrupting the engine. */
export class Notifier {
  #queue: (() => unknown)[] = [];

  constructor(
    /** Can be replaced. */
    public observer: Observer | undefined,
    private readonly clock: Clock,
    /** Called with what a method of the observer has thrown. */
    private readonly onFailed: (error: unknown) => void,
    /** Absent: nothing is traced. */
    private readonly tracer?: Tracer,
  ) {}

  /** Costs nothing without a listener for this kind of event. */
  notify<Name extends keyof Observer>(name: Name, ...args: Parameters<NonNullable<Observer[Name]>>): void {
    const { observer } = this;
    if (observer?.[name] === undefined) return;
    // safe: the arguments are those of the same method
    const call = () => (observer[name] as (...args: unknown[]) => unknown)(...args);
    // What the observer begins belongs to the trace of what it observes.
    this.#queue.push(this.tracer === undefined ? call : this.tracer.bound(call));
    if (this.#queue.length === 1) this.clock.afterTurn(() => this.#flush());
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const call of queue) {
      // Turns an exception into a rejection.
      Promise.resolve().then(call).catch(this.onFailed);
    }
  }
}
