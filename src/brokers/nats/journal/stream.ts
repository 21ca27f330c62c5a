/** The JetStream stream with the histories of all channels, each under its own subject. */

import type { StreamInfo } from '@nats-io/jetstream';
import { idempotencyWindowMs, type StreamLimits } from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Client } from '../client-library.js';
import { isConflict } from '../failures.js';
import type { FilledNatsOptions } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Wire } from '../wire.js';
import type { Incarnation } from './incarnation.js';
import { KeptStream } from './kept-stream.js';
import type { Life } from './life.js';
import type { PlacedMessages } from './reader.js';
import type { ServerTime } from './server-time.js';
import { decodeStored, encodeStored, type Place, type StoredMessage } from './stored-message.js';

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
  readonly expectedSeq: number;
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

export class JournalStream implements PlacedMessages {
  readonly #kept: KeptStream;
  #maxMessages = 0;
  #maxAgeMs = 0;
  #isDirect = false;
  #createdMs = 0;
  #refitting: Promise<void> | undefined;

  constructor(private readonly ports: StreamPorts) {
    const { options, subjects, ...rest } = ports;
    this.#kept = new KeptStream({
      ...rest,
      subjects,
      kind: 'history',
      subject: subjects.all('h'),
      pingSubject: subjects.historyPing,
      config: {
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
      },
      assertSupports: assertSerializes,
      onFound: (info) => this.#learn(info),
    });
  }

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
  prepare(client: Client): Promise<void> {
    return this.#kept.prepare(client);
  }

  /**
   * Checks that the stream accepts messages, and looks for signs of lost ones.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  check(): Promise<void> {
    return this.#kept.check();
  }

  /** Resolves when the stream has stored a message. @throws FanfareError `ERR_BROKER` */
  keep(): Promise<void> {
    return this.#kept.keep();
  }

  /** @returns `undefined` if another message was the last one. @throws FanfareError `ERR_BROKER` */
  async append(channel: ChannelName, append: Append): Promise<Appended | undefined> {
    const { text, expectedSeq, messageId, isOnly } = append;
    return this.#kept.call(async (client) => {
      try {
        const { seq, duplicate } = await client.appends.publish(this.ports.subjects.history(channel), text, {
          expect: { streamName: this.#kept.name, lastSubjectSequence: expectedSeq },
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

  async putPlace(
    channel: ChannelName,
    place: Place,
    last: StoredMessage | undefined,
    isOnly: boolean,
  ): Promise<StoredMessage | undefined> {
    const append = { text: encodeStored(place, []), expectedSeq: last?.place.seq ?? 0, isOnly };
    const appended = await this.append(channel, append);
    return appended && { place: { ...place, seq: appended.seq }, publications: [] };
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
    await this.#kept.call(async ({ streams }) => {
      const { config } = await streams.streams.info(this.#kept.name);
      const now = await streams.streams.update(this.#kept.name, {
        max_msgs_per_subject: Math.max(config.max_msgs_per_subject, maxMessages),
        max_age: Math.max(config.max_age, Math.ceil(maxAgeMs) * nsPerMs),
      });
      this.#learn(now);
    });
  }

  async #read(query: { last_by_subj: string } | { seq: number }): Promise<StoredMessage | undefined> {
    return this.#kept.call(async ({ streams }) => {
      // Not by direct reads, which any replica would answer, even if it is behind.
      const message = this.#isDirect
        ? await streams.direct.getMessage(this.#kept.name, query)
        : await streams.streams.getMessage(this.#kept.name, query);
      return message === null ? undefined : decodeStored(message.string(), message.seq);
    });
  }

  #learn({ config, created }: StreamInfo): void {
    const { max_msgs_per_subject, max_age, num_replicas, allow_direct } = config;
    this.#createdMs = Date.parse(created);
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
