/** The JetStream stream that keeps the histories of all channels, each under a subject of its own. */

import type { StreamInfo } from '@nats-io/jetstream';
import { idempotencyWindowMs, type StreamLimits } from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Client } from '../client-library.js';
import { isConflict, isStreamMissing, isTaken, newStreamRetries } from '../failures.js';
import type { FilledNatsOptions } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Wire } from '../wire.js';
import type { Incarnation } from './incarnation.js';
import type { Life } from './life.js';
import type { ServerTime } from './server-time.js';
import { decodeStored, type StoredMessage } from './stored-message.js';

interface StreamPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  readonly life: Life;
  readonly time: ServerTime;
  readonly incarnation: Incarnation;
  readonly options: FilledNatsOptions;
  /** What was known about places is not true any more. Must not throw. */
  readonly onLost: () => void;
}

interface Append {
  readonly text: string;
  /** Of the last message of the subject, 0 for none: otherwise nothing is stored. */
  readonly expectedSeq?: number;
  /** Messages with the same one, within five minutes, are one. */
  readonly messageId?: string;
  /** Everything before goes. */
  readonly isOnly?: boolean;
}

/** Where an append has gone, or where the one with its id had gone before. */
interface Appended {
  readonly seq: number;
  readonly isDuplicate: boolean;
}

/**
 * Messages that are kept of each channel, where none wants more. Fewer of one than of another would have to be purged:
 * that takes tens of milliseconds, in which the stream does nothing else.
 */
const minMessagesPerChannel = 128;
const nsPerMs = 1_000_000;
/** As no sequence number is so high, nothing that expects it is stored. */
const unreachableSeq = Number.MAX_SAFE_INTEGER;

export class JournalStream {
  readonly #ports: StreamPorts;
  #name = '';
  #maxMessages = 0;
  #maxAgeMs = 0;
  #isDirect = false;
  #createdMs = 0;
  #refitting: Promise<void> | undefined;
  #finding: Promise<void> | undefined;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /**
   * Whether ids of messages in the last five minutes may have been forgotten: a server that has been restarted, or was
   * made anew, knows those that it still has.
   */
  get mayHaveForgotten(): boolean {
    const { life, time, options } = this.#ports;
    const sinceMs = Math.max(life.beganMs, this.#createdMs);
    return options.replicas > 1 || time.nowMs() - sinceMs < idempotencyWindowMs;
  }

  /** On each new connection: what is known about the server may not be true any more. */
  async prepare(client: Client): Promise<void> {
    const { life, time, options } = this.#ports;
    assertSerializes(client, options.replicas);
    await life.renew(client);
    await time.measure(client);
    await this.#find(client);
    await this.#ping(client);
  }

  /**
   * Whether the stream takes messages; and looks for signs that something was taken back.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  async check(): Promise<void> {
    const { life, time, onLost } = this.#ports;
    await this.#call(async (client) => {
      if (await life.renew(client)) onLost();
      if (time.isStale) await time.measure(client);
      await this.#ping(client);
    });
  }

  /** Resolves when the stream has kept a message. @throws FanfareError `ERR_BROKER` */
  async keep(): Promise<void> {
    const { subjects } = this.#ports;
    await this.#call(({ appends }) =>
      appends.publish(subjects.historyPing, '', { expect: { streamName: this.#name } }),
    );
  }

  /** @returns nothing when another message was the last one. @throws FanfareError `ERR_BROKER` */
  async append(channel: ChannelName, append: Append): Promise<Appended | undefined> {
    const { text, expectedSeq, messageId, isOnly } = append;
    return this.#call(async (client) => {
      try {
        const { seq, duplicate } = await client.appends.publish(this.#ports.subjects.history(channel), text, {
          expect: {
            streamName: this.#name,
            ...(expectedSeq !== undefined && { lastSubjectSequence: expectedSeq }),
          },
          ...(messageId !== undefined && { msgID: messageId }),
          ...(isOnly && { headers: client.headers({ 'Nats-Rollup': 'sub' }) }),
        });
        return { seq, isDuplicate: duplicate };
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    });
  }

  /** The last message of a channel. @throws FanfareError `ERR_BROKER` */
  async last(channel: ChannelName): Promise<StoredMessage | undefined> {
    return this.#read({ last_by_subj: this.#ports.subjects.history(channel) });
  }

  /** One message, or nothing where it is gone. @throws FanfareError `ERR_BROKER` */
  async at(seq: number): Promise<StoredMessage | undefined> {
    return this.#read({ seq });
  }

  /** Makes the stream keep as much as these limits want. @throws FanfareError `ERR_BROKER` */
  async fit({ size, ttlMs }: StreamLimits): Promise<void> {
    if (size <= this.#maxMessages && ttlMs <= this.#maxAgeMs) return;
    await this.#refitting;
    if (size <= this.#maxMessages && ttlMs <= this.#maxAgeMs) return;
    this.#refitting = this.#refit(2 ** Math.ceil(Math.log2(size)), ttlMs).finally(() => {
      this.#refitting = undefined;
    });
    await this.#refitting;
  }

  async #refit(maxMessages: number, maxAgeMs: number): Promise<void> {
    await this.#call(async ({ streams }) => {
      const { config } = await streams.streams.info(this.#name);
      const now = await streams.streams.update(this.#name, {
        max_msgs_per_subject: Math.max(config.max_msgs_per_subject, maxMessages),
        max_age: Math.max(config.max_age, Math.ceil(maxAgeMs) * nsPerMs),
      });
      this.#learn(now);
    });
  }

  /** Resolves when the stream has answered. What it had to pass on before is on its way then. */
  async #ping({ appends }: Client): Promise<void> {
    const expect = { lastSubjectSequence: unreachableSeq, streamName: this.#name };
    try {
      await appends.publish(this.#ports.subjects.historyPing, '', { expect, retries: newStreamRetries });
    } catch (error) {
      // Its refusal is the answer.
      if (!isConflict(error)) throw error;
    }
  }

  async #read(query: { last_by_subj: string } | { seq: number }): Promise<StoredMessage | undefined> {
    return this.#call(async ({ streams }) => {
      // With replicas, any of them would answer directly, also one that is behind.
      const message = this.#isDirect
        ? await streams.direct.getMessage(this.#name, query)
        : await streams.streams.getMessage(this.#name, query);
      return message === null ? undefined : decodeStored(message.string(), message.seq);
    });
  }

  async #call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.#ports.wire.call(async (client) => {
      try {
        return await work(client);
      } catch (error) {
        if (isStreamMissing(error)) await this.#findAgain(client);
        throw error;
      }
    });
  }

  async #findAgain(client: Client): Promise<void> {
    const { life, onLost } = this.#ports;
    const before = [this.#name, life.current].join();
    this.#finding ??= this.prepare(client).finally(() => {
      this.#finding = undefined;
      if ([this.#name, life.current].join() !== before) onLost();
    });
    await this.#finding;
  }

  async #find(client: Client): Promise<void> {
    const { streams } = client;
    const { subjects, options, incarnation } = this.#ports;
    for (let attempt = 1; ; attempt++) {
      const [found] = (await streams.streams.names(subjects.all('h')).next()).sort();
      if (found !== undefined) {
        const info = await streams.streams.info(found);
        assertSerializes(client, info.config.num_replicas);
        if (info.config.republish?.dest !== subjects.passedOn) {
          throw new FanfareError(
            'ERR_CONFIG',
            `the stream ${found} has subjects of Fanfare and is none of its streams`,
          );
        }
        this.#learn(info);
        return;
      }
      const name = await incarnation.agree(client, this.#name);
      try {
        const info = await streams.streams.add({
          name,
          subjects: [subjects.all('h')],
          republish: { src: subjects.all('h'), dest: subjects.passedOn },
          storage: options.storage,
          num_replicas: options.replicas,
          // What is full refuses, and loses nothing that was acknowledged.
          discard: 'new',
          max_msgs_per_subject: minMessagesPerChannel,
          max_age: options.maxAgeMs * nsPerMs,
          duplicate_window: idempotencyWindowMs * nsPerMs,
          allow_direct: options.replicas === 1,
          allow_rollup_hdrs: true,
        });
        this.#learn(info);
        return;
      } catch (error) {
        // Another node was first.
        if (!isTaken(error) || attempt === 3) throw error;
      }
    }
  }

  #learn({ config, created }: StreamInfo): void {
    const { name, max_msgs_per_subject, max_age, num_replicas, allow_direct } = config;
    this.#createdMs = Date.parse(created);
    this.#name = name;
    this.#maxMessages = max_msgs_per_subject > 0 ? max_msgs_per_subject : Number.POSITIVE_INFINITY;
    this.#maxAgeMs = max_age > 0 ? max_age / nsPerMs : Number.POSITIVE_INFINITY;
    this.#isDirect = num_replicas === 1 && allow_direct === true;
  }
}

/**
 * Servers before 2.11 may take two appends for one place of a replicated stream, when both arrive before either is stored
 * (nats-server issue 4320), and may answer for one of them too early.
 *
 * @throws FanfareError `ERR_CONFIG`
 */
function assertSerializes({ connection }: Client, replicas: number): void {
  const version = connection.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (replicas === 1 || major > 2 || (major === 2 && minor >= 11)) return;
  throw new FanfareError('ERR_CONFIG', `nats.replicas above 1 need nats-server 2.11 or newer; this one is ${version}`);
}
