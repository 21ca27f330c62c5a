/** What the NATS broker uses of the packages of NATS, over a simulated connection. */

import type { Client } from '../../../../src/brokers/nats/client-library.js';
import type { BrokerLine } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import { JetStreamError } from './jetstream-error.js';
import type { Expected, Headers, Query, StreamConfig } from './kept-stream.js';
import type { NatsPeer, NatsServer } from './nats-server.js';

type Callback = (error: Error | null, message: { string(): string; headers: { get(name: string): string } }) => void;

interface Answer {
  string(): string;
  readonly headers: { readonly code: number; readonly description: string; get(name: string): string };
}

interface PublishOptions {
  readonly expect?: Expected;
  readonly msgID?: string;
  readonly headers?: Headers;
  readonly retries?: number;
}

/** As the package has it, between two attempts where no stream answers. */
const retryMs = 250;

/** @throws Error if nothing listens there */
export async function natsClient(process: SimProcess, server: NatsServer): Promise<Client> {
  const connection = new NatsConnection(process, server);
  await connection.open();
  const ask = <T>(run: () => T) => connection.ask(run);
  const messageOf = async (name: string, query: Query) => {
    const found = await ask(() => server.message(name, query));
    return found && { seq: found.seq, subject: found.subject, time: new Date(found.timeMs), string: () => found.text };
  };
  const publish = async (subject: string, text: string, options: PublishOptions = {}) => {
    const { expect, msgID: id, headers, retries = 0 } = options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(() =>
          server.store(subject, text, { ...(expect && { expect }), id, ...(headers && { headers }) }),
        );
      } catch (error) {
        if (attempt >= retries || error instanceof JetStreamError || !connection.isOpen) throw error;
        await new Promise<void>((resolve) => process.schedule(resolve, retryMs));
      }
    }
  };
  const client = {
    connection,
    appends: { publish },
    headers: (fields: Headers) => fields,
    streams: {
      streams: {
        names: (subject: string) => ({ next: () => ask(() => server.names(subject)) }),
        info: (name: string, { subjects_filter: pattern }: { readonly subjects_filter?: string } = {}) =>
          ask(() => server.info(name, pattern)),
        purge: (name: string, { filter, seq }: { readonly filter: string; readonly seq: number }) =>
          ask(() => server.purge(name, filter, seq)),
        add: (config: StreamConfig) => ask(() => server.add(config)),
        update: (name: string, changes: Partial<StreamConfig>) => ask(() => server.update(name, changes)),
        getMessage: messageOf,
      },
      direct: { getMessage: messageOf },
    },
  };
  // safe: the broker uses of it what the model has
  return client as unknown as Client;
}

class NatsConnection implements NatsPeer {
  readonly info = { version: '2.12.2', max_payload: 1_048_576 };
  #line: BrokerLine | undefined;
  readonly #callbacks = new Map<string, Callback>();
  readonly #pending = new Set<(error: Error) => void>();
  #ended: ((reason: Error | undefined) => void) | undefined;
  readonly #closed = new Promise<Error | undefined>((resolve) => {
    this.#ended = resolve;
  });

  constructor(
    private readonly process: SimProcess,
    private readonly server: NatsServer,
  ) {}

  get isOpen(): boolean {
    return this.#line !== undefined;
  }

  async open(): Promise<void> {
    const line = await this.server.net.connect(this.process, (accepted) => {
      accepted.onGone = () => this.server.gone(this);
    });
    this.#line = line;
    line.onLost = (error) => this.#end(error);
  }

  publish(subject: string, text: string, { headers }: { readonly headers?: Headers } = {}): void {
    this.#line?.toServer.send(() => this.server.pass(subject, text, headers));
  }

  /** Only for direct reads of several messages of a stream; the last answer says that it is the last. */
  async requestMany(subject: string, request: string): Promise<AsyncIterable<Answer>> {
    const name = subject.slice(subject.lastIndexOf('.') + 1);
    const found = await this.ask(() => this.server.messages(name, JSON.parse(request)));
    const answers = found.map(({ subject: of, seq, text }): Answer => {
      const fields: Headers = { 'Nats-Subject': of, 'Nats-Sequence': String(seq) };
      return { string: () => text, headers: { code: 0, description: '', get: (field) => fields[field] ?? '' } };
    });
    const end: Answer = { string: () => '', headers: { code: 204, description: 'EOB', get: () => '' } };
    return (async function* () {
      yield* [...answers, end];
    })();
  }

  subscribe(subject: string, { callback }: { readonly callback: Callback }): { unsubscribe(): void } {
    this.#callbacks.set(subject, callback);
    this.#line?.toServer.send(() => this.server.subscribe(this, subject));
    return {
      unsubscribe: () => {
        if (this.#callbacks.get(subject) !== callback) return;
        this.#callbacks.delete(subject);
        this.#line?.toServer.send(() => this.server.unsubscribe(this, subject));
      },
    };
  }

  async flush(): Promise<void> {
    await this.ask(() => undefined);
  }

  closed(): Promise<Error | undefined> {
    return this.#closed;
  }

  isClosed(): boolean {
    return this.#line === undefined;
  }

  async close(): Promise<void> {
    this.#line?.close();
    this.#end(undefined);
  }

  /** Permissions are never violated here. */
  status(): AsyncIterable<never> {
    const closed = this.#closed;
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await closed;
          return { done: true, value: undefined };
        },
      }),
    };
  }

  /** On the server: it goes on its way. */
  message(subject: string, text: string, headers: Headers): void {
    this.#line?.toNode.send(() => {
      this.#callbacks.get(subject)?.(null, { string: () => text, headers: { get: (name) => headers[name] ?? '' } });
    });
  }

  /** Asks the server, after everything that was sent to it before. */
  ask<T>(run: () => T): Promise<T> {
    const line = this.#line;
    if (line === undefined) return Promise.reject(new Error('closed connection'));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      line.toServer.send(() => {
        let answer: () => void;
        try {
          const result = run();
          answer = () => resolve(result);
        } catch (error) {
          answer = () => reject(error);
        }
        line.toNode.send(() => {
          if (this.#pending.delete(reject)) answer();
        });
      });
    });
  }

  #end(reason: Error | undefined): void {
    if (this.#line === undefined) return;
    this.#line = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(new Error('connection closed'));
    this.#ended?.(reason);
  }
}
