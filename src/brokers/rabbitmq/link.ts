/** One connection to RabbitMQ that is made again, for ever, whenever it breaks or falls silent. */

import type { Cancel, Clock, Random } from '../../engine/clock.js';
import type { Logger } from '../../engine/logger.js';
import { withTimeLimit } from '../../engine/time-limit.js';
import type { Connection } from './client-library.js';
import { destroy } from './dialer.js';

export interface LinkPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What is done over one connection, for as long as that lives. */
export interface Session {
  /** Settles soon while the connection lives. */
  ping(): Promise<unknown>;
  /** The connection is gone, and so is what was under way. Called once. */
  end(reason: Error): void;
}

export interface LinkOptions<S extends Session> {
  /** For people: `publishing to rabbitmq at 10.0.0.1:5672`. */
  readonly name: string;
  /** Asked each time anew: another node of the cluster may have to serve. */
  readonly dial: () => Promise<Connection>;
  /** Prepares a connection; the link is up when it resolves. `fail` gives the connection up, then or later. */
  readonly open: (connection: Connection, fail: (reason: Error) => void) => Promise<S>;
  /** The link is up; `isAgain` after it was down. */
  readonly onUp?: (isAgain: boolean) => void;
  /** How long connecting and a heartbeat may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long opening may take, where it depends on how much there is to do. Default: `timeoutMs`. */
  readonly openTimeoutMs?: () => number;
}

/** How often a connection is looked after. One that is black-holed is given up after this and a time-out. */
const heartbeatMs = 2_000;
const minRetryMs = 50;
const maxRetryMs = 2_000;

export class Link<S extends Session> {
  readonly #options: LinkOptions<S>;
  readonly #ports: LinkPorts;
  /** What is connected, or about to be. */
  #connection: Connection | undefined;
  #session: S | undefined;
  #isClosed = false;
  #failures = 0;
  #hasBeenUp = false;
  #timer: Cancel | undefined;

  constructor(options: LinkOptions<S>, ports: LinkPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Absent while the link is down. */
  get session(): S | undefined {
    return this.#session;
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

  /** Gives the connection up and makes another. What is under way on it is rejected. */
  renew(reason: string): void {
    if (this.#connection !== undefined && this.#session !== undefined) this.#fail(this.#connection, new Error(reason));
  }

  /** Idempotent. What is under way is rejected. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.();
    if (this.#connection !== undefined) this.#drop(this.#connection, new Error('the broker is closed'));
  }

  async #connect(): Promise<void> {
    const { dial, open, timeoutMs, openTimeoutMs = () => timeoutMs, onUp, name } = this.#options;
    const connection = await this.#dialled(dial());
    if (this.#isClosed) {
      destroy(connection);
      return;
    }
    this.#connection = connection;
    const fail = (reason: Error) => this.#fail(connection, reason);
    connection.on('error', fail);
    connection.on('close', (reason) => fail(reason ?? new Error('the connection has ended')));
    let session: S;
    try {
      session = await this.#within(openTimeoutMs(), open(connection, fail));
    } catch (error) {
      this.#drop(connection, new Error('the connection could not be prepared', { cause: error }));
      throw error;
    }
    if (this.#connection !== connection) {
      const reason = new Error('the connection has ended');
      session.end(reason);
      throw reason;
    }
    this.#session = session;
    this.#failures = 0;
    const isAgain = this.#hasBeenUp;
    this.#hasBeenUp = true;
    if (isAgain) this.#ports.log.info({ link: name }, 'rabbitmq link is up again');
    this.#scheduleHeartbeat(session, connection);
    onUp?.(isAgain);
  }

  /** A connection that comes too late is ended. */
  async #dialled(dialling: Promise<Connection>): Promise<Connection> {
    try {
      return await this.#within(this.#options.timeoutMs, dialling);
    } catch (error) {
      dialling.then(destroy, () => undefined);
      throw error;
    }
  }

  #fail(connection: Connection, reason: Error): void {
    if (this.#connection !== connection) return;
    const wasUp = this.#session !== undefined;
    this.#timer?.();
    this.#drop(connection, reason);
    // While it was being opened, whoever does that is told.
    if (!wasUp || this.#isClosed) return;
    this.#ports.log.warn({ err: reason, link: this.#options.name }, 'rabbitmq link is down');
    this.#retry();
  }

  #drop(connection: Connection, reason: Error): void {
    if (this.#connection === connection) {
      const session = this.#session;
      this.#connection = undefined;
      this.#session = undefined;
      session?.end(reason);
    }
    destroy(connection);
  }

  #retry(): void {
    if (this.#isClosed) return;
    const limitMs = Math.min(maxRetryMs, minRetryMs * 2 ** Math.min(10, this.#failures));
    this.#failures++;
    this.#timer = this.#ports.clock.schedule(
      () => {
        this.#connect().catch((error: unknown) => {
          if (this.#isClosed) return;
          this.#ports.log.debug({ err: error, link: this.#options.name }, 'rabbitmq link not made yet');
          this.#retry();
        });
      },
      limitMs * (0.5 + this.#ports.random.unit() / 2),
    );
  }

  #scheduleHeartbeat(session: S, connection: Connection): void {
    this.#timer = this.#ports.clock.schedule(() => {
      this.#within(this.#options.timeoutMs, session.ping()).then(
        () => {
          if (this.#session === session) this.#scheduleHeartbeat(session, connection);
        },
        (error: unknown) => this.#fail(connection, new Error('no answer to a heartbeat', { cause: error })),
      );
    }, heartbeatMs);
  }

  #within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    return withTimeLimit(this.#ports.clock, timeoutMs, this.#options.name, work);
  }
}
