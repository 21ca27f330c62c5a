/** The memory broker behind a network that can fail: deliveries get lost, calls too, and nobody need be told. */

import type { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { Broker, BrokerEvents, HistoryStore, PresenceStore } from '../../../src/engine/ports/broker.js';
import type { ChannelName } from '../../../src/model/channel-name.js';
import { FanfareError } from '../../../src/model/fanfare-error.js';

export class LossyBroker implements Broker {
  readonly name = 'lossy';
  readonly history: HistoryStore = {
    read: (channel, query) => this.#call(() => this.inner.read(channel, query)),
    remove: (channel) => this.#call(() => this.inner.remove(channel)),
  };
  /** Never lost. */
  readonly presence: PresenceStore;
  /** Deliveries get lost, with those of the probe. */
  isDeaf = false;
  /** Calls of this node fail. */
  isDown = false;
  #hung: ((error: unknown) => void)[] | undefined;
  /** How long deliveries are on their way. */
  delayMs = 0;
  /** Of a channel: no deliveries until it is subscribed again, though everything else works. */
  readonly wedged = new Set<ChannelName>();
  readonly subscribes: ChannelName[] = [];
  #events: BrokerEvents | undefined;

  constructor(
    readonly inner: MemoryBroker,
    private readonly schedule: (task: () => void, delayMs: number) => void,
  ) {
    this.presence = inner.presence;
  }

  /** Calls of this node hang, until this is set back: then they fail, as with a connection that is given up. */
  get isHung(): boolean {
    return this.#hung !== undefined;
  }

  set isHung(isHung: boolean) {
    const waiting = this.#hung ?? [];
    this.#hung = isHung ? waiting : undefined;
    if (!isHung) for (const reject of waiting) reject(new FanfareError('ERR_BROKER', 'given up'));
  }

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    await this.inner.start({
      onJoin: (...args) => this.#deliver(args[0], () => events.onJoin(...args)),
      onLeave: (...args) => this.#deliver(args[0], () => events.onLeave(...args)),
      onPublication: (...args) => this.#deliver(args[0], () => events.onPublication(...args)),
    });
  }

  /** The way to the node works again, and the broker has noticed that it did not. */
  interrupted(): void {
    this.#events?.onInterrupted?.();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  subscribe: Broker['subscribe'] = (channel) =>
    this.#call(() => {
      this.subscribes.push(channel);
      this.wedged.delete(channel);
      return this.inner.subscribe(channel);
    });
  unsubscribe: Broker['unsubscribe'] = (channel) => this.#call(() => this.inner.unsubscribe(channel));
  publish: Broker['publish'] = (...args) => this.#call(() => this.inner.publish(...args));
  announce: Broker['announce'] = (...args) => this.#call(() => this.inner.announce(...args));

  probe(): Promise<void> {
    return this.#call(
      () =>
        new Promise((resolve) => {
          if (!this.isDeaf) this.schedule(resolve, this.delayMs);
        }),
    );
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    const hung = this.#hung;
    if (hung !== undefined) return new Promise((_, reject) => hung.push(reject));
    if (this.isDown) throw new FanfareError('ERR_BROKER', 'out of reach');
    return work();
  }

  #deliver(channel: ChannelName, deliver: () => void): void {
    if (this.isDeaf || this.wedged.has(channel)) return;
    if (this.delayMs === 0) deliver();
    else this.schedule(deliver, this.delayMs);
  }
}
