/** Writes down what official clients are told, each event with its time, and passes it on to whoever judges it. */

import type { Centrifuge, Subscription } from 'centrifuge';
import type { Position } from '../../src/model/position.js';
import type { FaultEffects, Happening, HistoryEvent } from './history.js';

/** The part of a checker that it needs. */
export interface HistorySink {
  observe(event: HistoryEvent): void;
}

/**
 * Values are texts; who publishes something else tells `textOf` how to find them.
 *
 * @example
 * const checker = new HistoryChecker();
 * const recorder = new Recorder(checker);
 * recorder.client('ann', client, () => 'node 1');
 * recorder.subscription('ann', client.newSubscription('chat:lobby'));
 * client.connect();
 */
export class Recorder {
  readonly #connections = new Map<string, string>();
  #numFaults = 0;

  constructor(
    private readonly sink: HistorySink,
    private readonly textOf: (data: unknown) => string = String,
    /** Monotonic, in milliseconds. */
    private readonly clock: { readonly nowMs: number } = {
      get nowMs() {
        return performance.now();
      },
    },
  ) {}

  /** Milliseconds of the monotonic clock that all events have. */
  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** Says that something is wrong while `work` makes it so. */
  async during(name: string, effects: FaultEffects, work: () => Promise<unknown>): Promise<void> {
    const fault = String(++this.#numFaults);
    this.record({ kind: 'fault-began', fault, name, effects });
    try {
      await work();
    } finally {
      this.record({ kind: 'fault-ended', fault });
    }
  }

  record(happening: Happening): void {
    this.sink.observe({ ...happening, atMs: this.nowMs });
  }

  /** @param nodeOf the node that it is connected to at that moment */
  client(subscriber: string, client: Centrifuge, nodeOf: () => string): void {
    client.on('connected', ({ client: connection }) => {
      this.#connections.set(subscriber, connection);
      this.record({ kind: 'connected', subscriber, connection, node: nodeOf() });
    });
    client.on('connecting', ({ code }) => this.record({ kind: 'disconnected', subscriber, code, isFinal: false }));
    client.on('disconnected', ({ code }) => this.record({ kind: 'disconnected', subscriber, code, isFinal: true }));
  }

  /** Before it is subscribed. */
  subscription(subscriber: string, subscription: Subscription): void {
    const { channel } = subscription;
    let epoch: string | undefined;
    subscription.on('subscribed', ({ streamPosition, wasRecovering, recovered }) => {
      epoch = streamPosition?.epoch;
      this.record({
        kind: 'subscribed',
        channel,
        subscriber,
        connection: this.#connections.get(subscriber) ?? '',
        ...(streamPosition !== undefined && { position: streamPosition }),
        wasRecovering,
        recovered,
      });
    });
    subscription.on('publication', ({ data, offset }) => {
      const position: Position | undefined =
        epoch === undefined || offset === undefined ? undefined : { offset: Number(offset), epoch };
      const value = this.textOf(data);
      this.record({ kind: 'delivered', channel, subscriber, value, ...(position !== undefined && { position }) });
    });
    subscription.on('subscribing', ({ code }) => this.record({ kind: 'subscribing', channel, subscriber, code }));
    subscription.on('unsubscribed', ({ code }) => this.record({ kind: 'unsubscribed', channel, subscriber, code }));
  }
}
