/** What the Redis broker uses of a client of `@redis/client`, over a simulated connection. */

import type { BrokerLine } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import type { RedisPeer, RedisServer } from './redis-server.js';
import { type Reply, shown } from './reply.js';

type Listener = (message: string, bus: string) => void;

export class RedisClient implements RedisPeer {
  #line: BrokerLine | undefined;
  #isDestroyed = false;
  readonly #events = new Map<string, ((reason?: unknown) => void)[]>();
  readonly #pending = new Set<(error: Error) => void>();
  readonly #listeners = new Map<string, Listener>();

  constructor(
    private readonly process: SimProcess,
    private readonly server: RedisServer,
  ) {}

  on(event: string, listener: (reason?: unknown) => void): this {
    this.#events.set(event, [...(this.#events.get(event) ?? []), listener]);
    return this;
  }

  async connect(): Promise<this> {
    const line = await this.server.net.connect(this.process, (accepted) => {
      accepted.onGone = () => this.server.gone(this);
    });
    if (this.#isDestroyed) {
      line.close();
      throw new Error('the client is closed');
    }
    this.#line = line;
    line.onLost = (error) => {
      this.#line = undefined;
      this.#fail(error);
      this.#emit('error', error);
      this.#emit('end');
    };
    return this;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#line?.close();
    this.#line = undefined;
    this.#fail(new Error('the client is closed'));
  }

  ping(): Promise<unknown> {
    return this.sendCommand(['PING']);
  }

  sendCommand(command: readonly string[]): Promise<unknown> {
    return this.#ask(() => this.server.run(command));
  }

  scriptLoad(source: string): Promise<unknown> {
    this.#isFor('commands');
    return this.#ask(() => this.server.load(source));
  }

  async sSubscribe(buses: string | readonly string[], listener: Listener): Promise<void> {
    const all = [buses].flat();
    for (const bus of all) this.#listeners.set(bus, listener);
    this.#isFor('subscriptions');
    await this.#ask(() => {
      this.server.subscribe(this, all);
      return null;
    });
  }

  async sUnsubscribe(buses: string | readonly string[]): Promise<void> {
    const all = [buses].flat();
    for (const bus of all) this.#listeners.delete(bus);
    await this.#ask(() => {
      this.server.unsubscribe(this, all);
      return null;
    });
  }

  /** On the server: it goes on its way. */
  message(bus: string, text: string): void {
    this.#line?.toNode.send(() => this.#listeners.get(bus)?.(text, bus));
  }

  #isFor(purpose: string): void {
    if (this.#line !== undefined) this.server.net.name(this.#line, purpose);
  }

  #ask(run: () => Reply): Promise<unknown> {
    const line = this.#line;
    if (line === undefined) return Promise.reject(new Error('the client is closed'));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      line.toServer.send(() => {
        const reply = run();
        line.toNode.send(() => {
          if (!this.#pending.delete(reject)) return;
          if (reply instanceof Error) reject(reply);
          else resolve(shown(reply));
        });
      });
    });
  }

  #fail(error: Error): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(error);
  }

  #emit(event: string, reason?: unknown): void {
    for (const listener of this.#events.get(event) ?? []) listener(reason);
  }
}
