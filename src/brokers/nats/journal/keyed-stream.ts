/**
 * A JetStream stream that keeps the last message of each subject, stores several messages as one, and reads several at one
 * moment: one for the maps of all channels, one for their answers. It is made when it is first used.
 */

import type { StreamInfo } from '@nats-io/jetstream';
import type { Random } from '../../../engine/ports/clock.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Client } from '../client-library.js';
import { isConflict } from '../failures.js';
import type { FilledNatsOptions } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Wire } from '../wire.js';
import type { Incarnation } from './incarnation.js';
import { KeptStream } from './kept-stream.js';
import type { Life } from './life.js';
import type { ServerTime } from './server-time.js';

/** Its subjects. */
interface StreamNames {
  readonly all: string;
  /** What is republished to the nodes. */
  readonly changes: string;
  /** For messages that nobody reads. */
  readonly ping: string;
}

interface KeyedStreamPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  readonly kind: 'maps' | 'answers';
  readonly names: StreamNames;
  readonly life: Life;
  readonly time: ServerTime;
  readonly incarnation: Incarnation;
  readonly random: Random;
  readonly options: FilledNatsOptions;
  /** Called when what nodes know of its messages is outdated. Must not throw. */
  readonly onLost: () => void;
}

export interface KeyedMessage {
  readonly subject: string;
  readonly text: string;
  /** Absent: it stays until another one of its subject is stored. */
  readonly ttlMs?: number | undefined;
  /** Messages with the same id within half a minute are stored once. */
  readonly id?: string;
  /** Refused if the server would not take a message that is so much longer, in bytes. */
  readonly roomBytes?: number;
}

export interface ReadMessage {
  readonly subject: string;
  readonly seq: number;
  readonly text: string;
}

/** See `JSApiMsgGetRequest` of nats-server. */
type ReadOne = { last_by_subj: string } | { seq: number; next_by_subj?: string };
type ReadMany = { multi_last: string[] } | { seq: number; next_by_subj: string; batch: number; max_bytes: number };

/** Nodes that store the same changes do it within a few seconds. */
const duplicateWindowNs = 30_000_000_000;
/**
 * A message takes the place of the one before it by this header. What the stream's own limit removes would be there again
 * when a server is killed after what had replaced it has ended; what a header removes is written down as removed.
 */
const replacing = { 'Nats-Rollup': 'sub' };
/** So that the limit never removes any: a server that is killed in the middle may leave two. */
const maxPerSubject = 16;
const endOfBatch = 204;
const notFound = 404;

export class KeyedStream {
  readonly #kept: KeptStream;
  readonly #batchPrefix: string;
  #batches = 0;
  #isReplicated = false;
  #isInFiles = true;
  /** Resolves when the stream is there; `undefined` until somebody uses it. */
  #ready: Promise<void> | undefined;

  constructor(private readonly ports: KeyedStreamPorts) {
    const { options, names, random, ...rest } = ports;
    this.#batchPrefix = random.id().slice(0, 32);
    this.#kept = new KeptStream({
      ...rest,
      subject: names.all,
      pingSubject: names.ping,
      config: {
        republish: { src: names.changes, dest: rest.subjects.passedOn },
        storage: options.storage,
        num_replicas: options.replicas,
        // When the stream is full it refuses messages, instead of dropping acknowledged ones.
        discard: 'new',
        max_msgs_per_subject: maxPerSubject,
        duplicate_window: duplicateWindowNs,
        allow_rollup_hdrs: true,
        allow_atomic: true,
        allow_msg_ttl: true,
        allow_direct: true,
      },
      assertSupports: (client) => assertKeeps(rest.kind, client),
      lacks: ({ allow_rollup_hdrs }) =>
        allow_rollup_hdrs ? undefined : { allow_rollup_hdrs: true, max_msgs_per_subject: maxPerSubject },
      onFound: (info) => this.#learn(info),
    });
  }

  /**
   * Whether {@link storeAll} is fast: where one server stores messages in files, it makes a folder of files for each call
   * and waits for the disk, while nothing else is stored.
   */
  get isAtomicFast(): boolean {
    return this.#isReplicated || !this.#isInFiles;
  }

  /** Whether a server may answer {@link readMany} that is behind. */
  get isReplicated(): boolean {
    return this.#isReplicated;
  }

  /** Called before any use. @throws FanfareError `ERR_CONFIG` if the server is too old; `ERR_BROKER` */
  prepare(): Promise<void> {
    this.#ready ??= this.ports.wire
      .call((client) => this.#kept.prepare(client))
      .catch((error: unknown) => {
        this.#ready = undefined;
        throw error;
      });
    return this.#ready;
  }

  /** Called for each new connection. */
  async prepareAgain(client: Client): Promise<void> {
    if (this.#ready !== undefined) await this.#kept.prepare(client);
  }

  /** Checks it, if it is used; afterwards earlier changes have arrived. @throws FanfareError `ERR_BROKER` */
  async check(): Promise<void> {
    if (this.#ready !== undefined) await this.#kept.check();
  }

  /** Stores something, if it is used. @throws FanfareError `ERR_BROKER` */
  async keep(): Promise<void> {
    if (this.#ready !== undefined) await this.#kept.keep();
  }

  /** One message, as the server has it that stores them first. @throws FanfareError `ERR_BROKER` */
  async read(query: ReadOne): Promise<ReadMessage | undefined> {
    return this.#kept.call(async ({ streams }) => {
      const { name } = this.#kept;
      const message = this.#isReplicated
        ? await streams.streams.getMessage(name, query)
        : await streams.direct.getMessage(name, query);
      return message === null ? undefined : { subject: message.subject, seq: message.seq, text: message.string() };
    });
  }

  /** Messages as any server has them at one moment, in the order of their numbers. @throws FanfareError `ERR_BROKER` */
  async readMany(query: ReadMany): Promise<readonly ReadMessage[]> {
    const { timeoutMs } = this.ports.options;
    return this.#kept.call(async ({ connection }) => {
      const found: ReadMessage[] = [];
      // Not by the client's own function, which leaves a subscription behind for each call.
      const answers = await connection.requestMany(`$JS.API.DIRECT.GET.${this.#kept.name}`, JSON.stringify(query), {
        strategy: 'sentinel',
        maxWait: timeoutMs,
      });
      for await (const answer of answers) {
        const { headers } = answer;
        const code = headers?.code ?? 0;
        if (code === endOfBatch || code === notFound) return newestOf(found);
        if (headers === undefined || code !== 0) throw new Error(`direct get: ${code} ${headers?.description ?? ''}`);
        found.push({
          subject: headers.get('Nats-Subject'),
          seq: Number(headers.get('Nats-Sequence')),
          text: answer.string(),
        });
      }
      throw new Error('direct get: timeout');
    });
  }

  /**
   * Stores one message. @param expected of which subject the last message has which number
   *
   * @returns its number, or `undefined` if that was not so
   * @throws FanfareError `ERR_BROKER`
   */
  async store(
    message: KeyedMessage,
    expected?: { readonly subject: string; readonly seq: number },
  ): Promise<number | undefined> {
    return (await this.storeEach([message], expected))?.[0];
  }

  /** The same for several, in their order, each of them alone. */
  async storeEach(
    messages: readonly KeyedMessage[],
    expected?: { readonly subject: string; readonly seq: number },
  ): Promise<readonly number[] | undefined> {
    return this.#kept.call((client) =>
      refusedAs(undefined, () =>
        Promise.all(
          messages.map(async ({ subject, text, ttlMs, id, roomBytes = 0 }) => {
            if (roomBytes > 0) assertRoom(client, text, roomBytes);
            const { seq } = await client.appends.publish(subject, text, {
              expect: {
                streamName: this.#kept.name,
                ...(expected !== undefined && { lastSubjectSequence: expected.seq }),
                ...(expected !== undefined &&
                  expected.subject !== subject && { lastSubjectSequenceSubject: expected.subject }),
              },
              headers: client.headers({ ...replacing, ...ttlHeader(ttlMs) }),
              ...(id !== undefined && { msgID: id }),
            });
            return seq;
          }),
        ),
      ),
    );
  }

  /**
   * Stores all messages, each of another subject, with numbers that follow each other, or none of them.
   *
   * @param expectedSeq number of the message that has the last one's subject until now; 0 if there is none
   * @returns the number of the last one, or `undefined` if that was not so
   * @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`
   */
  async storeAll(messages: readonly KeyedMessage[], expectedSeq: number): Promise<number | undefined> {
    const batch = `${this.#batchPrefix}-${++this.#batches}`;
    return this.#kept.call((client) =>
      refusedAs(undefined, async () => {
        let last: number | undefined;
        for (const [index, { subject, text, ttlMs }] of messages.entries()) {
          const place = { 'Nats-Batch-Id': batch, 'Nats-Batch-Sequence': String(index + 1) };
          const fields = { ...place, ...replacing, ...ttlHeader(ttlMs) };
          if (index < messages.length - 1) {
            client.connection.publish(subject, text, { headers: client.headers(fields) });
            continue;
          }
          const { seq } = await client.appends.publish(subject, text, {
            expect: { streamName: this.#kept.name, lastSubjectSequence: expectedSeq },
            headers: client.headers({ ...fields, 'Nats-Batch-Commit': '1' }),
          });
          last = seq;
        }
        return last;
      }),
    );
  }

  /** All subjects that a pattern matches, as the server has them that stores them first. @throws FanfareError `ERR_BROKER` */
  async subjects(pattern: string): Promise<{ readonly subjects: readonly string[]; readonly lastSeq: number }> {
    return this.#kept.call(async ({ streams }) => {
      const { state } = await streams.streams.info(this.#kept.name, { subjects_filter: pattern });
      return { subjects: Object.keys(state.subjects ?? {}), lastSeq: state.last_seq };
    });
  }

  /** Drops messages of some subjects, up to a number. @throws FanfareError `ERR_BROKER` */
  async drop(pattern: string, lastSeq: number): Promise<void> {
    await this.#kept.call(({ streams }) =>
      streams.streams.purge(this.#kept.name, { filter: pattern, seq: lastSeq + 1 }),
    );
  }

  #learn({ config }: StreamInfo): void {
    this.#isReplicated = config.num_replicas > 1;
    this.#isInFiles = config.storage === 'file';
  }
}

/** Without those that have been replaced: a server that was killed in the middle of that has both. */
function newestOf(messages: readonly ReadMessage[]): readonly ReadMessage[] {
  const newest = new Map(messages.map(({ subject, seq }) => [subject, seq]));
  return newest.size === messages.length
    ? messages
    : messages.filter(({ subject, seq }) => newest.get(subject) === seq);
}

function ttlHeader(ttlMs: number | undefined): Record<string, string> {
  return ttlMs === undefined ? {} : { 'Nats-TTL': `${Math.max(1, Math.ceil(ttlMs / 1_000))}s` };
}

/** @throws FanfareError `ERR_MESSAGE_TOO_LARGE` */
function assertRoom({ connection }: Client, text: string, roomBytes: number): void {
  const most = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  if (text.length * 3 + roomBytes <= most || Buffer.byteLength(text) + roomBytes <= most) return;
  throw new FanfareError('ERR_MESSAGE_TOO_LARGE', 'larger than NATS lets messages be (max_payload)');
}

async function refusedAs<T>(refused: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isConflict(error)) return refused;
    throw error;
  }
}

/**
 * Servers before 2.12 cannot store several messages as one; those before 2.12.2 hang for good when messages are read
 * while others are stored (nats-server pull request 7458).
 *
 * @throws FanfareError `ERR_CONFIG`
 */
function assertKeeps(kind: 'maps' | 'answers', { connection }: Client): void {
  const version = connection.info?.version ?? '';
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major > 2 || (major === 2 && (minor > 12 || (minor === 12 && patch >= 2)))) return;
  const what = kind === 'answers' ? 'streams' : kind;
  throw new FanfareError('ERR_CONFIG', `${what} over NATS need nats-server 2.12.2 or newer; this one is ${version}`);
}
