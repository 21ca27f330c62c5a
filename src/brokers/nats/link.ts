/** The connection to NATS, made again, for ever, whenever it breaks or falls silent. */

import type { Cancel, Clock, Random } from '../../engine/clock.js';
import type { Logger } from '../../engine/logger.js';
import { withTimeLimit } from '../../engine/time-limit.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Client } from './client-library.js';

export interface LinkPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface LinkOptions {
  /** For people: `nats at 10.0.0.1:4222`. */
  readonly name: string;
  /** Connects, once; the client does not reconnect by itself, which would send what has waited too long. */
  readonly dial: () => Promise<Client>;
  /** Prepares a connection; the link is up when it resolves. */
  readonly setUp: (client: Client) => Promise<void>;
  /** The link is up; `isAgain` after it was down. */
  readonly onUp: (isAgain: boolean) => void;
  /** It is not any more. Answers that are waited for on it may never come. */
  readonly onDown: () => void;
  /** How long connecting, setting up and a heartbeat may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** How often a silent connection is looked after. A connection that is black-holed is given up after this and a time-out. */
const heartbeatMs = 2_000;
const minRetryMs = 50;
const maxRetryMs = 2_000;
const maxFirstAttempts = 3;

export class Link {
  #client: Client | undefined;
  /** What is connected, or about to be. */
  #current: Client | undefined;
  #isClosed = false;
  #failures = 0;
  #numDialled = 0;
  #hasBeenUp = false;
  #timer: Cancel | undefined;

  constructor(
    private readonly options: LinkOptions,
    private readonly ports: LinkPorts,
  ) {}

  /** Absent while the link is down. */
  get client(): Client | undefined {
    return this.#client;
  }

  /**
   * Connects for the first time; from then on the link looks after itself. What cannot be prepared is tried again: servers
   * of a cluster need a moment to know what another node has just made.
   *
   * @throws the reason of the first attempt, when that fails
   */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const numDialled = this.#numDialled;
      try {
        await this.#connect();
        return;
      } catch (error) {
        const isReached = this.#numDialled > numDialled && !(error instanceof FanfareError);
        if (!isReached || attempt === maxFirstAttempts) {
          this.close();
          throw error;
        }
        await new Promise<void>((resolve) => this.ports.clock.schedule(resolve, maxRetryMs / 4));
      }
    }
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
    if (this.#current !== undefined) this.#discard(this.#current);
    this.#current = undefined;
  }

  async #connect(): Promise<void> {
    const { setUp, timeoutMs, onUp, name } = this.options;
    const client = await this.#dial();
    if (this.#isClosed) {
      this.#discard(client);
      return;
    }
    this.#current = client;
    const ended = client.connection.closed().then((error) => {
      const reason = error ?? new Error('the connection has ended');
      this.#fail(client, reason);
      throw reason;
    });
    try {
      await this.#within(timeoutMs, Promise.race([setUp(client), ended]));
    } catch (error) {
      if (this.#current === client) this.#current = undefined;
      this.#discard(client);
      throw error;
    }
    if (this.#current !== client) throw new Error('the connection has ended');
    this.#client = client;
    this.#failures = 0;
    const isAgain = this.#hasBeenUp;
    this.#hasBeenUp = true;
    if (isAgain) this.ports.log.info({ link: name }, 'nats link is up again');
    this.#scheduleHeartbeat(client);
    onUp(isAgain);
  }

  async #dial(): Promise<Client> {
    const dialling = this.options.dial();
    try {
      const client = await this.#within(this.options.timeoutMs, dialling);
      this.#numDialled++;
      return client;
    } catch (error) {
      // Whether it still comes about later on interests nobody, but then it has to be freed.
      dialling.then(
        (client) => this.#discard(client),
        () => undefined,
      );
      throw error;
    }
  }

  #fail(client: Client, error: unknown): void {
    if (this.#current !== client) return;
    const wasUp = this.#client === client;
    this.#current = undefined;
    this.#client = undefined;
    this.#timer?.();
    this.#discard(client);
    // While it was being set up, whoever does that is told.
    if (!wasUp || this.#isClosed) return;
    this.ports.log.warn({ err: error, link: this.options.name }, 'nats link is down');
    this.options.onDown();
    this.#retry();
  }

  #discard({ connection }: Client): void {
    // It may wait for a peer that is gone; nobody waits for it.
    connection.close().catch((error: unknown) => this.ports.log.debug({ err: error }, 'nats connection closed badly'));
  }

  #retry(): void {
    if (this.#isClosed) return;
    const limitMs = Math.min(maxRetryMs, minRetryMs * 2 ** Math.min(10, this.#failures));
    this.#failures++;
    this.#timer = this.ports.clock.schedule(
      () => {
        this.#connect().catch((error: unknown) => {
          if (this.#isClosed) return;
          this.ports.log.debug({ err: error, link: this.options.name }, 'nats link not made yet');
          this.#retry();
        });
      },
      limitMs * (0.5 + this.ports.random.unit() / 2),
    );
  }

  #scheduleHeartbeat(client: Client): void {
    this.#timer = this.ports.clock.schedule(() => {
      this.#within(this.options.timeoutMs, client.connection.flush()).then(
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
