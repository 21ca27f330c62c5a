/** The JetStream stream with the histories of all channels, each under its own subject. */

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
  /** Called when the known places are outdated. Must not throw. */
  readonly onLost: () => void;
}

interface Append {
  readonly text: string;
  /** The expected last message of the subject, 0 for none; otherwise the append is refused. */
  readonly expectedSeq?: number;
  /** Messages with the same id within five minutes are stored once. */
  readonly messageId?: string;
  /** Earlier messages of the subject are dropped. */
  readonly isOnly?: boolean;
}

/** The place of an append, or of an earlier append with the same id. */
interface Appended {
  readonly seq: number;
  readonly isDuplicate: boolean;
}

/**
 * Messages kept per channel, unless a rule needs more. The number is the same for all, because purging one channel
 * blocks the stream for tens of milliseconds.
 */
const minMessagesPerChannel = 128;
const nsPerMs = 1_000_000;
/** No message has this number, so an append that expects it is always refused. */
const unreachableSeq = Number.MAX_SAFE_INTEGER;

export class JournalStream {
  #name = '';
  #maxMessages = 0;
  #maxAgeMs = 0;
  #isDirect = false;
  #createdMs = 0;
  #refitting: Promise<void> | undefined;
  #finding: Promise<void> | undefined;

  constructor(private readonly ports: StreamPorts) {}

  /**
   * Whether message ids of the last five minutes may be unknown: a restarted server, or a new stream, only knows those
   * of stored messages.
   */
  get mayHaveForgotten(): boolean {
    const { life, time, options } = this.ports;
    const sinceMs = Math.max(life.beganMs, this.#createdMs);
    return options.replicas > 1 || time.nowMs() - sinceMs < idempotencyWindowMs;
  }

  /** Called for each new connection, when everything known about the server may be outdated. */
  async prepare(client: Client): Promise<void> {
    const { life, time, options } = this.ports;
    assertSerializes(client, options.replicas);
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
    await this.#call(async (client) => {
      if (await life.renew(client)) onLost();
      if (time.isStale) await time.measure(client);
      await this.#ping(client);
    });
  }

  /** Resolves when the stream has stored a message. @throws FanfareError `ERR_BROKER` */
  async keep(): Promise<void> {
    const { subjects } = this.ports;
    await this.#call(({ appends }) =>
      appends.publish(subjects.historyPing, '', { expect: { streamName: this.#name } }),
    );
  }

  /** @returns `undefined` if another message was the last one. @throws FanfareError `ERR_BROKER` */
  async append(channel: ChannelName, append: Append): Promise<Appended | undefined> {
    const { text, expectedSeq, messageId, isOnly } = append;
    return this.#call(async (client) => {
      try {
        const { seq, duplicate } = await client.appends.publish(this.ports.subjects.history(channel), text, {
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
    return this.#read({ last_by_subj: this.ports.subjects.history(channel) });
  }

  /** One message, or `undefined` if it is gone. @throws FanfareError `ERR_BROKER` */
  async at(seq: number): Promise<StoredMessage | undefined> {
    return this.#read({ seq });
  }

  /** Raises the stream's limits to these if necessary. @throws FanfareError `ERR_BROKER` */
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

  /** Resolves when the stream has answered, after it has republished earlier messages. */
  async #ping({ appends }: Client): Promise<void> {
    const expect = { lastSubjectSequence: unreachableSeq, streamName: this.#name };
    try {
      await appends.publish(this.ports.subjects.historyPing, '', { expect, retries: newStreamRetries });
    } catch (error) {
      // The refusal is the expected answer.
      if (!isConflict(error)) throw error;
    }
  }

  async #read(query: { last_by_subj: string } | { seq: number }): Promise<StoredMessage | undefined> {
    return this.#call(async ({ streams }) => {
      // Not by direct reads, which any replica would answer, even if it is behind.
      const message = this.#isDirect
        ? await streams.direct.getMessage(this.#name, query)
        : await streams.streams.getMessage(this.#name, query);
      return message === null ? undefined : decodeStored(message.string(), message.seq);
    });
  }

  async #call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.ports.wire.call(async (client) => {
      try {
        return await work(client);
      } catch (error) {
        if (isStreamMissing(error)) await this.#findAgain(client);
        throw error;
      }
    });
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
    const { subjects, options, incarnation } = this.ports;
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
          // When the stream is full it refuses messages, instead of dropping acknowledged ones.
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
 * Servers before 2.11 may accept two appends at one place of a replicated stream, if both arrive before either is
 * stored (nats-server issue 4320), and may acknowledge one of them too early.
 *
 * @throws FanfareError `ERR_CONFIG`
 */
function assertSerializes({ connection }: Client, replicas: number): void {
  const version = connection.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (replicas === 1 || major > 2 || (major === 2 && minor >= 11)) return;
  throw new FanfareError('ERR_CONFIG', `nats.replicas above 1 need nats-server 2.11 or newer; this one is ${version}`);
}
