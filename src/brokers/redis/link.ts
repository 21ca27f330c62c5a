/** One connection to a Redis server that is made again, for ever, whenever it breaks or falls silent. */

import type { Cancel, Clock, Random } from '../../engine/clock.js';
import type { Logger } from '../../engine/logger.js';
import { withTimeLimit } from '../../engine/time-limit.js';
import type { Client } from './client-library.js';

export interface LinkPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface LinkOptions {
  /** For people: `commands of redis://10.0.0.1:6379`. */
  readonly name: string;
  /** Makes a client that is not connected yet and does not reconnect. Asked each time anew: the server may have moved. */
  readonly dial: () => Promise<Client>;
  /** Prepares a connection; the link is up when it resolves. */
  readonly setUp: (client: Client) => Promise<void>;
  /** Looks after a connection that is up. @throws when it is to be given up */
  readonly check: (client: Client) => Promise<unknown>;
  /** The link is up; `isAgain` after it was down. */
  readonly onUp?: (isAgain: boolean) => void;
  /** How long connecting, setting up and a heartbeat may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** How often a silent connection is looked after. A connection that is black-holed is given up after this and a time-out. */
const heartbeatMs = 2_000;
const minRetryMs = 50;
const maxRetryMs = 2_000;

export class Link {
  #client: Client | undefined;
  #isClosed = false;
  #failures = 0;
  #hasBeenUp = false;
  #timer: Cancel | undefined;
  /** What is connected, or about to be. */
  #current: Client | undefined;
  #onSettled: (() => void) | undefined;

  constructor(
    private readonly options: LinkOptions,
    private readonly ports: LinkPorts,
  ) {}

  /** Absent while the link is down. */
  get client(): Client | undefined {
    return this.#client;
  }

  get isUp(): boolean {
    return this.#client !== undefined;
  }

  /**
   * Connects for the first time; from then on the link looks after itself.
   *
   * @throws the reason of the first attempt, when that fails
   */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Connects for as long as it takes. Resolves when the link is up for the first time, or closed. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      this.#attempt();
    });
  }

  /** Gives the connection up and makes another. What is under way on it is rejected. */
  renew(reason: string): void {
    if (this.#client !== undefined) this.#fail(this.#client, new Error(reason));
  }

  /** Idempotent. What is under way is rejected. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.();
    this.#client = undefined;
    this.#current?.destroy();
    this.#current = undefined;
    this.#onSettled?.();
  }

  async #connect(): Promise<void> {
    const { dial, setUp, timeoutMs, onUp, name } = this.options;
    const client = await this.#within(timeoutMs, dial());
    if (this.#isClosed) return;
    this.#current = client;
    client.on('error', (error: unknown) => this.#fail(client, error));
    client.on('end', () => this.#fail(client, new Error('the connection has ended')));
    try {
      await this.#within(timeoutMs, client.connect());
      await this.#within(timeoutMs, setUp(client));
    } catch (error) {
      if (this.#current === client) this.#current = undefined;
      client.destroy();
      throw error;
    }
    if (this.#current !== client) throw new Error('the connection has ended');
    this.#client = client;
    this.#failures = 0;
    const isAgain = this.#hasBeenUp;
    this.#hasBeenUp = true;
    if (isAgain) this.ports.log.info({ link: name }, 'redis link is up again');
    this.#scheduleHeartbeat(client);
    this.#onSettled?.();
    onUp?.(isAgain);
  }

  #fail(client: Client, error: unknown): void {
    if (this.#current !== client) return;
    const wasUp = this.#client === client;
    this.#current = undefined;
    this.#client = undefined;
    this.#timer?.();
    client.destroy();
    // While it was being set up, whoever does that is told.
    if (!wasUp || this.#isClosed) return;
    this.ports.log.warn({ err: error, link: this.options.name }, 'redis link is down');
    this.#retry();
  }

  #retry(): void {
    if (this.#isClosed) return;
    const limitMs = Math.min(maxRetryMs, minRetryMs * 2 ** Math.min(10, this.#failures));
    this.#failures++;
    this.#timer = this.ports.clock.schedule(() => this.#attempt(), limitMs * (0.5 + this.ports.random.unit() / 2));
  }

  #attempt(): void {
    this.#connect().catch((error: unknown) => {
      if (this.#isClosed) return;
      this.ports.log.debug({ err: error, link: this.options.name }, 'redis link not made yet');
      this.#retry();
    });
  }

  #scheduleHeartbeat(client: Client): void {
    this.#timer = this.ports.clock.schedule(() => {
      this.#within(this.options.timeoutMs, this.options.check(client)).then(
        () => {
          if (this.#client === client) this.#scheduleHeartbeat(client);
        },
        (error: unknown) => this.#fail(client, error),
      );
    }, heartbeatMs);
  }

  #within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    return withTimeLimit(this.ports.clock, timeoutMs, this.options.name, work);
  }
}
