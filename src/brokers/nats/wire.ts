/** Sends and receives messages over NATS, across reconnects. */

import { withTimeLimit } from '../../engine/time/time-limit.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { brokerError, noConnection } from '../broker-error.js';
import { Echoes } from '../echoes.js';
import { Link, type Session } from '../link.js';
import type { BrokerPorts } from '../ports.js';
import type { Client } from './client-library.js';
import { natsStates } from './states.js';

export interface Incoming {
  readonly subject: string;
  readonly text: string;
  /** The value of a header, or an empty text. */
  header(name: string): string;
}

interface WireOptions {
  /** Name of the server, for people. */
  readonly name: string;
  readonly dial: () => Promise<Client>;
  /** Prepares JetStream on each new connection, before any other use. */
  readonly prepare: (client: Client) => Promise<void>;
  /** A subject that only this node listens to. */
  readonly echoSubject: string;
  readonly timeoutMs: number;
  /** Calls that may wait for an answer; further ones are refused at once. */
  readonly maxInFlight: number;
  /** Characters that may be in transit to the server; further messages are refused at once. */
  readonly maxInFlightChars: number;
  /** Must not throw. */
  readonly onMessage: (message: Incoming) => void;
  /** Messages may have been missed; from now on they arrive again. */
  readonly onInterrupted: () => void;
}

interface WireSession extends Session {
  readonly client: Client;
}

/** Further denials are not remembered, and are reported with their next refusal. */
const maxDenials = 1_000;
/** Servers of a cluster need a moment to learn what another node has just created. */
const maxFirstAttempts = 3;

export class Wire {
  readonly #options: WireOptions;
  readonly #ports: BrokerPorts;
  readonly #link: Link<Client, WireSession>;
  /** Current and pending subscriptions, with their results on the current connection. */
  readonly #wanted = new Map<string, () => void>();
  /** Subjects that the server did not let this node subscribe to. */
  readonly #refusals = new Map<string, Error>();
  /** Subjects that the server did not let this node publish to, with the number of the last denial. */
  readonly #denials = new Map<string, { readonly number: number; readonly error: Error }>();
  #numDenials = 0;
  readonly #echoes: Echoes;
  #inFlight = 0;
  #inFlightChars = 0;
  /** Resolves when the server has all messages of this turn. */
  #turn: Promise<void> | undefined;
  /** Turns whose messages the server has not confirmed. */
  readonly #waiting = new Set<(error: unknown) => void>();

  constructor(options: WireOptions, ports: BrokerPorts) {
    this.#options = options;
    this.#ports = ports;
    const { name, dial, timeoutMs, echoSubject } = options;
    const onLost = (reason: string) => this.#link.renew(reason);
    this.#echoes = new Echoes({ clock: ports.clock, name, timeoutMs, onLost });
    this.#wanted.set(echoSubject, () => undefined);
    this.#link = new Link(
      {
        kind: 'nats',
        states: natsStates,
        name,
        dial,
        timeoutMs,
        // JetStream has its own time-out, with its own error.
        openTimeoutMs: () => 2 * timeoutMs,
        maxFirstAttempts,
        open: (client, fail) => this.#open(client, fail),
        destroy: ({ connection }) => {
          // Not awaited, since the peer may be gone.
          connection.close().catch((error: unknown) => ports.log.debug({ err: error }, 'nats connection closed badly'));
        },
        onAgain: options.onInterrupted,
      },
      ports,
    );
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(): Promise<void> {
    try {
      await this.#link.start();
    } catch (error) {
      throw failure(this.#options.name, error);
    }
  }

  close(): void {
    this.#giveUp(new FanfareError('ERR_CLOSED', 'the broker is closed'));
    this.#link.close();
    this.#wanted.clear();
  }

  /** Makes a call that is answered. @throws FanfareError `ERR_BROKER` */
  async call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = this.#link.session?.client;
    const { name, maxInFlight } = this.#options;
    if (client === undefined) throw noConnection(name, this.#link.reason, natsStates);
    if (this.#inFlight >= maxInFlight) {
      throw new FanfareError('ERR_BROKER', `more than ${maxInFlight} calls wait for ${name}`);
    }
    this.#inFlight++;
    try {
      return await work(client);
    } catch (error) {
      throw failure(name, error);
    } finally {
      this.#inFlight--;
    }
  }

  /** Resolves when the server has the message. @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  async publish(subject: string, text: string): Promise<void> {
    const { name, maxInFlightChars } = this.#options;
    if (this.#inFlightChars + text.length > maxInFlightChars) {
      throw new FanfareError('ERR_BROKER', `too much is on its way to ${name}`);
    }
    this.#inFlightChars += text.length;
    const before = this.#numDenials;
    try {
      await this.call(async (client) => {
        client.connection.publish(subject, text);
        await this.#arrived(client);
        const denial = this.#denials.get(subject);
        if (denial !== undefined && denial.number > before) throw denial.error;
      });
    } finally {
      this.#inFlightChars -= text.length;
    }
  }

  /** Resolves when later publications arrive. Idempotent. @throws FanfareError `ERR_BROKER` */
  async subscribe(subject: string): Promise<void> {
    await this.call(async (client) => {
      const isNew = !this.#wanted.has(subject);
      if (isNew) this.#listen(client, subject);
      try {
        await this.#arrived(client);
        const refusal = this.#refusals.get(subject);
        if (refusal !== undefined) throw refusal;
      } catch (error) {
        if (isNew) this.#end(subject);
        throw error;
      }
    });
  }

  async unsubscribe(subject: string): Promise<void> {
    if (!this.#wanted.has(subject)) return;
    this.#end(subject);
    if (this.#link.session !== undefined) await this.call((client) => this.#arrived(client));
  }

  /** Resolves when a message of this node to itself has arrived. */
  async echo(): Promise<void> {
    const { name, echoSubject } = this.#options;
    try {
      await this.#echoes.next((id) => this.publish(echoSubject, id));
    } catch (error) {
      throw failure(name, error);
    }
  }

  async #open(client: Client, fail: (reason: Error) => void): Promise<WireSession> {
    const { connection } = client;
    const ended = connection.closed().then((error) => {
      const reason = error ?? new Error('the connection has ended');
      fail(reason);
      throw reason;
    });
    await Promise.race([this.#setUp(client), ended]);
    const { name } = this.#options;
    return {
      client,
      ping: () => connection.flush(),
      end: () => this.#giveUp(new FanfareError('ERR_BROKER', `the connection to ${name} has broken`)),
    };
  }

  async #setUp(client: Client): Promise<void> {
    void this.#watch(client);
    await this.#options.prepare(client);
    for (const subject of this.#wanted.keys()) this.#listen(client, subject);
    await client.connection.flush();
    for (const [subject, error] of this.#refusals) if (this.#wanted.has(subject)) throw error;
  }

  /** The server reports a forbidden publication, but does not fail the call. */
  async #watch({ connection }: Client): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'error' || !('operation' in status.error) || !('subject' in status.error)) continue;
      if (status.error.operation !== 'publish') continue;
      if (this.#denials.size >= maxDenials) this.#denials.clear();
      this.#denials.set(String(status.error.subject), { number: ++this.#numDenials, error: status.error });
    }
  }

  #listen(client: Client, subject: string): void {
    this.#refusals.delete(subject);
    const subscription = client.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) {
          this.#refusals.set(subject, error);
          return;
        }
        // Errors of a replaced connection have been reported already.
        if (this.#wanted.get(subject) !== ending) return;
        const text = message.string();
        if (subject === this.#options.echoSubject) this.#echoes.arrived(text);
        else this.#options.onMessage({ subject, text, header: (name) => message.headers?.get(name) ?? '' });
      },
    });
    const ending = () => {
      if (!client.connection.isClosed()) subscription.unsubscribe();
    };
    this.#wanted.set(subject, ending);
  }

  #end(subject: string): void {
    this.#wanted.get(subject)?.();
    this.#wanted.delete(subject);
    this.#refusals.delete(subject);
  }

  /** Resolves when the server has all earlier messages. One request for all messages of a turn. */
  #arrived(client: Client): Promise<void> {
    this.#turn ??= new Promise<void>((resolve, reject) => {
      this.#waiting.add(reject);
      this.#ports.clock.afterTurn(() => {
        this.#turn = undefined;
        const { timeoutMs, name } = this.#options;
        withTimeLimit(this.#ports.clock, timeoutMs, name, client.connection.flush())
          // By now the server's earlier errors have arrived too.
          .then(() => this.#ports.clock.afterTurn(resolve), reject)
          .finally(() => this.#waiting.delete(reject));
      });
    });
    return this.#turn;
  }

  #giveUp(error: FanfareError): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

function failure(name: string, error: unknown): FanfareError {
  if (!(error instanceof FanfareError) && error instanceof Error && error.message.includes('max_payload')) {
    return new FanfareError('ERR_MESSAGE_TOO_LARGE', 'larger than NATS lets messages be (max_payload)', {
      cause: error,
    });
  }
  return brokerError(name, error, natsStates);
}
