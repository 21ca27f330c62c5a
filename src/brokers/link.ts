/** A connection to a broker's server that is replaced whenever it breaks or becomes silent. */

import type { Cancel } from '../engine/ports/clock.js';
import { pause } from '../engine/time/pause.js';
import { withTimeLimit } from '../engine/time/time-limit.js';
import { FanfareError } from '../model/fanfare-error.js';
import { brokerError } from './broker-error.js';
import type { BrokerPorts } from './ports.js';
import { type ServerState, stateOf } from './server-states.js';

/** The work over one connection, for its lifetime. */
export interface Session {
  /** Settles soon while the connection works. @throws if it has to be replaced */
  ping(): Promise<unknown>;
  /** The connection is gone, and pending calls have failed. Called once. */
  end(reason: Error): void;
}

export interface LinkOptions<Connection, S extends Session> {
  /** The kind of server: `redis`. */
  readonly kind: string;
  /** Known states of its server: the log has the current one, with what ends it. */
  readonly states?: readonly ServerState[];
  /** For people: `publishing to rabbitmq at 10.0.0.1:5672`. */
  readonly name: string;
  /** Called for each attempt, since the server may have moved. Its connections must not reconnect by themselves. */
  readonly dial: () => Promise<Connection>;
  /**
   * Prepares a connection; the link is up when it resolves. Calls `fail` whenever the connection is lost, while it is
   * being prepared or later.
   */
  readonly open: (connection: Connection, fail: (reason: Error) => void) => Promise<S>;
  /** Ends a connection at once, in whatever state it is. May be called again. */
  readonly destroy: (connection: Connection) => void;
  /** Called when the link is up again. */
  readonly onAgain?: () => void;
  /** How long dialling and a heartbeat may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long opening may take, if that depends on the amount of work. Default: `timeoutMs`. */
  readonly openTimeoutMs?: () => number;
  /**
   * Attempts to open the first connection, since servers need a moment for what a node has just created. Default: 1.
   */
  readonly maxFirstAttempts?: number;
}

/** Interval of heartbeats. A black-holed connection is replaced after this and a time-out. */
const heartbeatMs = 2_000;
const minRetryMs = 50;
const maxRetryMs = 2_000;
/** First pause between two requested renewals. It doubles, since another renewal soon after would not help either. */
const minRenewalMs = 500;
const maxRenewalMs = 10_000;
/** After this time without a renewal, the pause is the first one again. */
const calmAfterMs = 60_000;
/** Between two log lines about the same reason. */
const sayAgainMs = 60_000;
/** Between two attempts to open the first connection. */
const firstRetryMs = 500;

export class Link<Connection, S extends Session> {
  /** The current connection, or the one that is being opened. */
  #connection: Connection | undefined;
  #session: S | undefined;
  #isClosed = false;
  #failures = 0;
  #renewals = 0;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #hasBeenUp = false;
  #reason: Error | undefined;
  #said: { readonly text: string; readonly atMs: number } | undefined;
  #timer: Cancel | undefined;
  #onSettled: (() => void) | undefined;

  constructor(
    private readonly options: LinkOptions<Connection, S>,
    private readonly ports: BrokerPorts,
  ) {}

  /** Absent while the link is down. */
  get session(): S | undefined {
    return this.#session;
  }

  /** Why it is down, if known. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /**
   * Connects for the first time; from then on the link reconnects by itself.
   *
   * @throws the reason, when the server cannot be reached or the connection cannot be prepared
   */
  async start(): Promise<void> {
    try {
      await this.#startWithin(this.options.maxFirstAttempts ?? 1);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Connects, however long it takes. Resolves when the link is up for the first time, or closed. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      this.#attempt();
    });
  }

  /** Replaces the connection, unless that was just done for the same reason. Pending calls are rejected. */
  renew(reason: string): void {
    if (this.#connection === undefined || this.#session === undefined) return;
    const sinceMs = this.ports.clock.nowMs() - this.#renewedAtMs;
    if (sinceMs > calmAfterMs) this.#renewals = 0;
    if (this.#renewals > 0 && sinceMs < Math.min(maxRenewalMs, minRenewalMs * 2 ** this.#renewals)) return;
    this.#renewals++;
    this.#renewedAtMs = this.ports.clock.nowMs();
    this.#fail(this.#connection, new Error(reason));
  }

  /** Idempotent. Pending calls are rejected. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.();
    if (this.#connection !== undefined) this.#drop(this.#connection, new Error('the broker is closed'));
    this.#onSettled?.();
  }

  async #startWithin(maxAttempts: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#dialled();
      try {
        await this.#opened(connection);
        return;
      } catch (error) {
        if (error instanceof FanfareError || attempt === maxAttempts) throw error;
        await pause(this.ports.clock, firstRetryMs);
      }
    }
  }

  /** A connection that is made too late is closed. */
  async #dialled(): Promise<Connection> {
    const { dial, destroy, timeoutMs } = this.options;
    const dialling = dial();
    try {
      return await this.#within(timeoutMs, dialling);
    } catch (error) {
      dialling.then(destroy, () => undefined);
      throw error;
    }
  }

  async #opened(connection: Connection): Promise<void> {
    const { open, destroy, timeoutMs, openTimeoutMs = () => timeoutMs, onAgain, kind, name } = this.options;
    if (this.#isClosed) {
      destroy(connection);
      return;
    }
    this.#connection = connection;
    let session: S;
    try {
      const opening = open(connection, (reason) => this.#fail(connection, reason));
      session = await this.#within(openTimeoutMs(), opening);
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
    this.#reason = undefined;
    this.#said = undefined;
    const isAgain = this.#hasBeenUp;
    this.#hasBeenUp = true;
    if (isAgain) this.ports.log.info({ link: name }, `${kind} link is up again`);
    this.#scheduleHeartbeat(session, connection);
    this.#onSettled?.();
    if (isAgain) onAgain?.();
  }

  #fail(connection: Connection, reason: Error): void {
    if (this.#connection !== connection) return;
    const wasUp = this.#session !== undefined;
    this.#timer?.();
    this.#drop(connection, reason);
    // While it is being opened, `open` rejects instead.
    if (!wasUp || this.#isClosed) return;
    const { kind, name } = this.options;
    this.#reason = reason;
    this.ports.log.warn({ err: this.#named(reason), link: name }, `${kind} link is down`);
    this.#retry();
  }

  #drop(connection: Connection, reason: Error): void {
    if (this.#connection === connection) {
      const session = this.#session;
      this.#connection = undefined;
      this.#session = undefined;
      session?.end(reason);
    }
    this.options.destroy(connection);
  }

  #retry(): void {
    if (this.#isClosed) return;
    const limitMs = Math.min(maxRetryMs, minRetryMs * 2 ** Math.min(10, this.#failures));
    this.#failures++;
    const delayMs = limitMs * (0.5 + this.ports.random.unit() / 2);
    this.#timer = this.ports.clock.schedule(() => this.#attempt(), delayMs);
  }

  #attempt(): void {
    const connecting = this.#dialled().then((connection) => this.#opened(connection));
    connecting.catch((error: unknown) => {
      if (this.#isClosed) return;
      this.#notMade(error instanceof Error ? error : new Error(String(error)));
      this.#retry();
    });
  }

  #notMade(error: Error): void {
    const { kind, name } = this.options;
    const { clock, log } = this.ports;
    this.#reason = error;
    const nowMs = clock.nowMs();
    const isNews = this.#said?.text !== error.message || nowMs - this.#said.atMs >= sayAgainMs;
    if (isNews) this.#said = { text: error.message, atMs: nowMs };
    log[isNews ? 'warn' : 'debug']({ err: this.#named(error), link: name }, `${kind} link not made yet`);
  }

  #named(error: Error): Error {
    const { kind, states = [] } = this.options;
    return stateOf(error, states) === undefined ? error : brokerError(kind, error, states);
  }

  #scheduleHeartbeat(session: S, connection: Connection): void {
    this.#timer = this.ports.clock.schedule(() => {
      this.#within(this.options.timeoutMs, session.ping()).then(
        () => {
          if (this.#session === session) this.#scheduleHeartbeat(session, connection);
        },
        (error: unknown) => this.#fail(connection, error instanceof Error ? error : new Error(String(error))),
      );
    }, heartbeatMs);
  }

  #within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    return withTimeLimit(this.ports.clock, timeoutMs, this.options.name, work);
  }
}
