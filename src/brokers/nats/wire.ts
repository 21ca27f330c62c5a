/** What a node says to NATS and hears from it, through a connection that comes and goes. */

import { withTimeLimit } from '../../engine/time/time-limit.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { brokerError, noConnection } from '../broker-error.js';
import { Link, type Session } from '../link.js';
import type { BrokerPorts } from '../ports.js';
import type { Client } from './client-library.js';
import { natsStates } from './states.js';

/** What has come in. */
export interface Incoming {
  readonly subject: string;
  readonly text: string;
  /** The value of a header, or nothing. */
  header(name: string): string;
}

interface WireOptions {
  /** For people. */
  readonly name: string;
  readonly dial: () => Promise<Client>;
  /** Prepares what JetStream needs on each new connection, before anything else happens on it. */
  readonly prepare: (client: Client) => Promise<void>;
  /** A subject that only this node listens to. */
  readonly echoSubject: string;
  readonly timeoutMs: number;
  /** Calls that may wait for an answer; further ones are refused at once. */
  readonly maxInFlight: number;
  /** Characters of what may be on its way to the server; what is beyond is refused at once. */
  readonly maxInFlightChars: number;
  /** Must not throw. */
  readonly onMessage: (message: Incoming) => void;
  /** Nothing was heard for a while, and is again. */
  readonly onInterrupted: () => void;
}

type Ending = () => void;

interface WireSession extends Session {
  readonly client: Client;
}

/** More is forgotten: who publishes to a subject then is told by the next refusal. */
const maxDenials = 1_000;
/** Servers of a cluster need a moment to know what another node has just made. */
const maxFirstAttempts = 3;

export class Wire {
  readonly #options: WireOptions;
  readonly #ports: BrokerPorts;
  readonly #link: Link<Client, WireSession>;
  /** Subscribed to, or about to be, with how that ends on the connection of now. */
  readonly #wanted = new Map<string, Ending>();
  /** What the server did not let this node subscribe to. */
  readonly #refusals = new Map<string, Error>();
  /** Subjects that the server did not let this node publish to, with the newest time. */
  readonly #denials = new Map<string, { readonly number: number; readonly error: Error }>();
  #numDenials = 0;
  readonly #echoes = new Map<string, () => void>();
  #numEchoes = 0;
  #inFlight = 0;
  #inFlightChars = 0;
  /** Ends when what was sent in this turn is at the server. */
  #turn: Promise<void> | undefined;
  /** Of turns whose answer has not come yet. */
  readonly #waiting = new Set<(error: unknown) => void>();

  constructor(options: WireOptions, ports: BrokerPorts) {
    this.#options = options;
    this.#ports = ports;
    const { name, dial, timeoutMs, echoSubject } = options;
    this.#wanted.set(echoSubject, () => undefined);
    this.#link = new Link(
      {
        kind: 'nats',
        states: natsStates,
        name,
        dial,
        timeoutMs,
        // JetStream has its own time: what it does not answer is told by its name.
        openTimeoutMs: () => 2 * timeoutMs,
        maxFirstAttempts,
        open: (client, fail) => this.#open(client, fail),
        destroy: ({ connection }) => {
          // It may wait for a peer that is gone; nobody waits for it.
          connection.close().catch((error: unknown) => ports.log.debug({ err: error }, 'nats connection closed badly'));
        },
        onUp: (isAgain) => {
          if (isAgain) options.onInterrupted();
        },
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

  /** Does something that ends with an answer. @throws FanfareError `ERR_BROKER` */
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

  /** Resolves when the server has it. @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
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

  /** Resolves when what is published from then on arrives. Idempotent. @throws FanfareError `ERR_BROKER` */
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

  /** Resolves when a message of this node's own has come back to it. */
  async echo(): Promise<void> {
    const id = `${++this.#numEchoes}`;
    const { timeoutMs, name, echoSubject } = this.#options;
    try {
      const arrived = new Promise<void>((resolve) => this.#echoes.set(id, resolve));
      await this.publish(echoSubject, id);
      await withTimeLimit(this.#ports.clock, timeoutMs, `echo of ${name}`, arrived);
    } catch (error) {
      // It took the message and has not brought it: the connection lives, and the subscription does not (G10).
      if (!(error instanceof FanfareError)) this.#link.renew('nothing arrives through it');
      throw failure(name, error);
    } finally {
      this.#echoes.delete(id);
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

  /** The server says that a publication was forbidden, and then goes on as if it had been made. */
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
        // What a connection that was given up still has to say is not said twice.
        if (this.#wanted.get(subject) !== ending) return;
        const text = message.string();
        if (subject === this.#options.echoSubject) this.#echoes.get(text)?.();
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

  /** What was sent before is at the server. One question for all that is sent in one turn. */
  #arrived(client: Client): Promise<void> {
    this.#turn ??= new Promise<void>((resolve, reject) => {
      this.#waiting.add(reject);
      this.#ports.clock.afterTurn(() => {
        this.#turn = undefined;
        const { timeoutMs, name } = this.#options;
        withTimeLimit(this.#ports.clock, timeoutMs, name, client.connection.flush())
          // What the server has said before its answer is told by then.
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
