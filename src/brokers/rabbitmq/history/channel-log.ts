/** One stream queue as a log that this node writes and reads; a write is complete when it has been read back. */

import type { Published, PublishOptions } from '../../../engine/ports/broker.js';
import type { Clock, Random } from '../../../engine/ports/clock.js';
import { withTimeLimit } from '../../../engine/time/time-limit.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { NewPublication, Publication } from '../../../model/publication.js';
import type { Stream } from '../../memory/stream.js';
import type { Delivery, Lane } from '../client-library.js';
import { failed } from '../failures.js';
import type { Message } from '../message.js';
import { Ledger, type Outcome } from './ledger.js';
import { decodeRecord, encodeRecord, type LogEntry, type LogRecord } from './log-record.js';

interface ChannelLogPorts {
  readonly queue: string;
  readonly clock: Clock;
  readonly random: Random;
  /** @throws FanfareError `ERR_BROKER` */
  readonly send: (message: Message) => Promise<void>;
  readonly timeoutMs: number;
  /** Records of this node that may be in transit; further ones are refused. */
  readonly maxInFlight: number;
  readonly maxHistoryBytes: number;
  readonly maxIdempotencyKeys: number;
  readonly isWanted: (channel: ChannelName) => boolean;
  /** Must not throw. */
  readonly onPublication: (channel: ChannelName, publication: Publication, epoch: string) => void;
  /** A publication was not delivered, because this node does not know the channel's position. */
  readonly onDoubt: (channel: ChannelName) => void;
  /** A record was not written by a node. */
  readonly onGarbage: (error: unknown) => void;
}

interface Written {
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

export class ChannelLog {
  readonly #ledger: Ledger;
  readonly #written = new Map<string, Written>();
  readonly #writer: string;
  #numWritten = 0;
  #reading = 0;
  /** Whether this connection reads from the beginning instead of continuing the last one. */
  #startsAnew = true;
  /** Whether the records are known to continue those of the last connection. */
  #continues = false;
  /** Whether all records from before the connection have been read. */
  #isCaughtUp = false;
  #isOpen = false;
  #isSilent = false;
  /** How late it was when the log had come so far: the latest time of all records, since the clock of a writer may be slow. */
  #logMs = 0;
  #barrier: { readonly passed: Promise<void>; isSent: boolean } | undefined;

  constructor(private readonly ports: ChannelLogPorts) {
    this.#writer = ports.random.id();
    const { maxHistoryBytes, isWanted } = ports;
    this.#ledger = new Ledger({ maxHistoryBytes, maxStreams: 250_000, streamIdleMs: 86_400_000, isWanted });
  }

  /** The current life of the log; empty while unknown. */
  get life(): string {
    return this.#ledger.life;
  }

  /** Whether records that should have arrived were not read. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Continues over a new connection where the last one ended, or reads from the oldest record. Resolves when all
   * earlier records are read.
   *
   * @param fail replaces the connection; the next one reads from the beginning
   */
  async attach(lane: Lane, take: (delivery: Delivery) => void, fail: (reason: Error) => void): Promise<void> {
    const reading = ++this.#reading;
    // A stream read from a future offset delivers nothing until it gets there.
    if (this.#ledger.last >= 0 && (await this.#end(lane, take)) <= this.#ledger.last) this.#ledger.forget();
    const from = this.#ledger.last;
    this.#startsAnew = from < 0;
    this.#continues = this.#startsAnew;
    this.#isCaughtUp = false;
    await lane.consume(
      this.ports.queue,
      (delivery) => {
        if (reading !== this.#reading) return;
        if (delivery === null) {
          fail(new Error('the stream is gone'));
          return;
        }
        this.#isSilent = false;
        this.#read(delivery, fail);
        take(delivery);
      },
      { arguments: { 'x-stream-offset': from < 0 ? 'first' : from } },
    );
    // Reading all the rest may take any length of time.
    await this.#write({ kind: 'mark' }, Number.POSITIVE_INFINITY);
    this.#isCaughtUp = true;
  }

  /** Between {@link attach} and {@link open}: resolves when all records from before the call are read. */
  async catchUp(): Promise<void> {
    await this.#write({ kind: 'mark' });
  }

  /** After {@link attach}: publishing and reading are possible from now on. */
  open(): void {
    this.#isOpen = true;
  }

  /** Reading has ended; records that were written but not read may have taken effect. */
  detach(reason: Error): void {
    this.#reading++;
    this.#isOpen = false;
    const all = [...this.#written.values()];
    this.#written.clear();
    for (const { reject } of all) reject(failed('the connection is lost', reason));
  }

  /** Starts a new life, between {@link attach} and {@link open}: all channels get a new epoch. */
  async breakOff(): Promise<void> {
    await this.#write({ kind: 'break' });
  }

  /** Resolves when all records from before the call are read. Concurrent calls share one record. */
  barrier(): Promise<void> {
    if (this.#barrier !== undefined && !this.#barrier.isSent) return this.#barrier.passed;
    const before = this.#barrier?.passed;
    const barrier = { passed: Promise.resolve(), isSent: false };
    const pass = async () => {
      // One at a time: later calls share the next.
      await before?.catch(() => undefined);
      barrier.isSent = true;
      try {
        this.#assertOpen();
        await this.#write({ kind: 'mark' });
      } finally {
        if (this.#barrier === barrier) this.#barrier = undefined;
      }
    };
    barrier.passed = pass();
    this.#barrier = barrier;
    return barrier.passed;
  }

  /** @throws FanfareError `ERR_BROKER` */
  async publish(
    channel: ChannelName,
    publication: NewPublication,
    { stream: limits, idempotencyKey: key }: PublishOptions,
  ): Promise<Published> {
    this.#assertOpen();
    const nowMs = this.ports.clock.nowMs();
    if (key !== undefined) {
      const first = this.#ledger.find(channel, key, nowMs);
      if (first === 'unknown') throw failed('whether the key is alive is not known yet');
      if (first !== undefined) return { ...first, duplicate: true };
      if (this.#ledger.numKeys >= this.ports.maxIdempotencyKeys) throw failed('too many idempotency keys are alive');
    }
    const outcome = await this.#write({
      kind: 'publication',
      basis: this.#basis(channel),
      publication,
      ...(limits !== undefined && { limits }),
      ...(key !== undefined && { key }),
    });
    if (outcome.kind === 'published') return outcome.published;
    throw failed(outcome.kind === 'void' ? 'the log has begun a new life' : 'the place of the channel is not known');
  }

  /**
   * The stream of a channel, at some moment after the call.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  async stream(channel: ChannelName): Promise<Stream> {
    await this.barrier();
    if (this.#ledger.stream(channel) === undefined) {
      await this.#write({ kind: 'open', basis: this.#basis(channel) });
    }
    const stream = this.#ledger.stream(channel);
    if (stream === undefined) throw failed('the place of the channel is not known');
    return stream;
  }

  /** @throws FanfareError `ERR_BROKER` */
  async clear(channel: ChannelName): Promise<void> {
    this.#assertOpen();
    await this.#write({ kind: 'clear', basis: this.#basis(channel) });
  }

  sweep(): Generator<void> {
    return this.#ledger.sweep(this.ports.clock);
  }

  #basis(channel: ChannelName) {
    return this.#ledger.basis(channel, this.ports.random.id());
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw failed('no connection');
  }

  /** Finds the end of the log, by reading a record that this node has written. */
  async #end(lane: Lane, take: (delivery: Delivery) => void): Promise<number> {
    const { queue, send, clock } = this.ports;
    const id = this.#newId();
    const end = new Promise<number>((resolve, reject) => {
      this.#written.set(id, { resolve: () => undefined, reject });
      lane
        .consume(
          queue,
          (delivery) => {
            if (delivery === null) {
              reject(failed('the stream is gone'));
              return;
            }
            take(delivery);
            const headers: Readonly<Record<string, unknown>> = delivery.properties.headers ?? {};
            if (this.#decoded(delivery.content, headers)?.id === id) resolve(Number(headers['x-stream-offset']));
          },
          { arguments: { 'x-stream-offset': 'next' }, consumerTag: id },
        )
        .then(() => send(encodeRecord({ id, life: '', writtenMs: clock.wallMs(), entry: { kind: 'mark' } })))
        .catch(reject);
    });
    try {
      return await end;
    } finally {
      this.#written.delete(id);
      // If this fails, the consumer has ended with the connection.
      lane.cancel(id).catch(() => undefined);
    }
  }

  #newId(): string {
    return `${this.#writer}.${(++this.#numWritten).toString(36)}`;
  }

  async #write(entry: LogEntry, limitMs = this.ports.timeoutMs): Promise<Outcome> {
    const { clock, maxInFlight, queue, send } = this.ports;
    if (this.#written.size >= maxInFlight) throw failed('too many records wait to be read back');
    const id = this.#newId();
    const record: LogRecord = { id, life: this.#ledger.life, writtenMs: clock.wallMs(), entry };
    const outcome = new Promise<Outcome>((resolve, reject) => this.#written.set(id, { resolve, reject }));
    // Callers wait for both and get the first error.
    outcome.catch(() => undefined);
    try {
      // The record may be read before it is confirmed, which also proves that it was written.
      await Promise.race([outcome, send(encodeRecord(record))]);
      return await withTimeLimit(clock, limitMs, `reading back from ${queue}`, outcome);
    } catch (error) {
      if (error instanceof FanfareError) throw error;
      this.#isSilent = true;
      throw failed('what was written does not come back', error);
    } finally {
      this.#written.delete(id);
    }
  }

  #read({ properties, content }: Delivery, fail: (reason: Error) => void): void {
    const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
    const at = Number(headers['x-stream-offset']);
    const record = this.#decoded(content, headers);
    if (record === undefined) return;
    if (!this.#continues && !this.#isContinuation(at, record, fail)) return;
    if (at <= this.#ledger.last) return;
    const { clock } = this.ports;
    this.#logMs = Math.max(this.#logMs, record.writtenMs);
    const ageMs = this.#isCaughtUp ? 0 : Math.max(0, clock.wallMs() - this.#logMs);
    const outcome = this.#ledger.apply(at, record, clock.nowMs(), ageMs);
    this.#tell(outcome);
    this.#written.get(record.id)?.resolve(outcome);
  }

  /**
   * The first record must be the last one that was read. If not, it is another log, or the log was truncated or has
   * lost its end.
   */
  #isContinuation(at: number, { id }: LogRecord, fail: (reason: Error) => void): boolean {
    const { last, lastId } = this.#ledger;
    if (at === last && id === lastId) {
      this.#continues = true;
      return false;
    }
    if (at < last) return false;
    this.#ledger.forget();
    fail(new Error('the log does not continue where it was left'));
    return false;
  }

  #tell(outcome: Outcome): void {
    // Old records that are read from the beginning are not delivered.
    if (!this.#isCaughtUp && this.#startsAnew) return;
    if (outcome.kind === 'published') {
      const { channel, publication, published } = outcome;
      if (published.duplicate || !this.ports.isWanted(channel)) return;
      this.ports.onPublication(channel, publication, published.position.epoch);
    } else if (outcome.kind === 'unknown' && this.ports.isWanted(outcome.channel)) {
      this.ports.onDoubt(outcome.channel);
    }
  }

  #decoded(content: Buffer, headers: Readonly<Record<string, unknown>>): LogRecord | undefined {
    try {
      return decodeRecord({ type: undefined, content, headers });
    } catch (error) {
      this.ports.onGarbage(error);
      return undefined;
    }
  }
}
