/** A stream of JetStream that all nodes share: found or made on each connection, and again when it is missing. */

import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Client } from '../client-library.js';
import { isConflict, isStreamMissing, isTaken, newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';
import type { Wire } from '../wire.js';
import type { Incarnation } from './incarnation.js';
import type { Life } from './life.js';
import type { ServerTime } from './server-time.js';

interface KeptStreamPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  readonly life: Life;
  readonly time: ServerTime;
  readonly incarnation: Incarnation;
  readonly kind: 'history' | 'maps' | 'answers';
  /** What it stores. */
  readonly subject: string;
  /** One of its subjects, for messages that nobody reads. */
  readonly pingSubject: string;
  /** Of a new one. It must republish to {@link Subjects.passedOn}. */
  readonly config: Partial<StreamConfig>;
  /** @throws FanfareError `ERR_CONFIG` if the server cannot keep it with so many replicas */
  readonly assertSupports: (client: Client, replicas: number) => void;
  /** What one that an earlier version has made has to be changed in. Default: nothing. */
  readonly lacks?: (config: StreamConfig) => Partial<StreamConfig> | undefined;
  readonly onFound: (info: StreamInfo) => void;
  /** Called when everything known about its messages is outdated. Must not throw. */
  readonly onLost: () => void;
}

/** No message has this number, so an append that expects it is always refused. */
const unreachableSeq = Number.MAX_SAFE_INTEGER;

export class KeptStream {
  #name = '';
  #finding: Promise<void> | undefined;

  constructor(private readonly ports: KeptStreamPorts) {}

  get name(): string {
    return this.#name;
  }

  /** Called for each new connection, when everything known about the server may be outdated. */
  async prepare(client: Client): Promise<void> {
    const { life, time, assertSupports, config } = this.ports;
    assertSupports(client, config.num_replicas ?? 1);
    await life.renew(client);
    await time.measure(client);
    await this.#find(client);
    await this.#ping(client);
  }

  /**
   * Checks that the stream accepts messages, and looks for signs of lost ones.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  async check(): Promise<void> {
    const { life, time, onLost } = this.ports;
    await this.call(async (client) => {
      if (await life.renew(client)) onLost();
      if (time.isStale) await time.measure(client);
      await this.#ping(client);
    });
  }

  /** Resolves when the stream has stored a message. @throws FanfareError `ERR_BROKER` */
  async keep(): Promise<void> {
    const { pingSubject } = this.ports;
    await this.call(({ appends }) => appends.publish(pingSubject, '', { expect: { streamName: this.#name } }));
  }

  /** @throws FanfareError `ERR_BROKER` */
  async call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.ports.wire.call(async (client) => {
      try {
        return await work(client);
      } catch (error) {
        if (isStreamMissing(error)) await this.#findAgain(client);
        throw error;
      }
    });
  }

  /** Resolves when the stream has answered, after it has republished earlier messages. */
  async #ping({ appends }: Client): Promise<void> {
    const expect = { lastSubjectSequence: unreachableSeq, streamName: this.#name };
    try {
      await appends.publish(this.ports.pingSubject, '', { expect, retries: newStreamRetries });
    } catch (error) {
      // The refusal is the expected answer.
      if (!isConflict(error)) throw error;
    }
  }

  async #findAgain(client: Client): Promise<void> {
    const { life, onLost } = this.ports;
    const before = [this.#name, life.current].join();
    this.#finding ??= this.prepare(client).finally(() => {
      this.#finding = undefined;
      if ([this.#name, life.current].join() !== before) onLost();
    });
    await this.#finding;
  }

  async #find(client: Client): Promise<void> {
    const { streams } = client;
    const { subjects, subject, kind, incarnation, config, assertSupports, lacks } = this.ports;
    for (let attempt = 1; ; attempt++) {
      const [found] = (await streams.streams.names(subject).next()).sort();
      if (found !== undefined) {
        const info = await streams.streams.info(found);
        assertSupports(client, info.config.num_replicas);
        if (info.config.republish?.dest !== subjects.passedOn) {
          throw new FanfareError(
            'ERR_CONFIG',
            `the stream ${found} has subjects of Fanfare and is none of its streams`,
          );
        }
        const missing = lacks?.(info.config);
        this.#learn(missing === undefined ? info : await streams.streams.update(found, missing));
        return;
      }
      const name = await incarnation.agree(client, kind, this.#name);
      try {
        this.#learn(await streams.streams.add({ ...config, name, subjects: [subject] }));
        return;
      } catch (error) {
        // Another node was first.
        if (!isTaken(error) || attempt === 3) throw error;
      }
    }
  }

  #learn(info: StreamInfo): void {
    this.#name = info.config.name;
    this.ports.onFound(info);
  }
}
