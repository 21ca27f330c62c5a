/**
 * Appends to the streams of channels. Publications of a channel during an append share the next message, so that its
 * rate does not depend on the round trip.
 */

import type { Published, StreamLimits } from '../../../engine/ports/broker.js';
import type { Clock, Random } from '../../../engine/ports/clock.js';
import { pause } from '../../../engine/time/pause.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Epochs } from '../../epochs.js';
import { messageId } from '../subjects.js';
import type { KnownKeys } from './known-keys.js';
import type { Life } from './life.js';
import type { Places } from './places.js';
import type { ServerTime } from './server-time.js';
import { advanced, emptyPlace, encodeStored, epochOf } from './stored-message.js';
import type { JournalStream } from './stream.js';

interface AppenderPorts {
  readonly stream: JournalStream;
  readonly keys: KnownKeys;
  readonly places: Places;
  /** The sequence number of the newest message of the channel that this node has received, or 0. */
  readonly lastSeen: (channel: ChannelName) => number;
  readonly life: Life;
  readonly time: ServerTime;
  readonly births: Epochs;
  readonly clock: Clock;
  readonly random: Random;
  /** How long an append may lose against other nodes. */
  readonly timeoutMs: number;
  /** Publications that may wait; further ones are refused at once. */
  readonly maxWaiting: number;
  /** The same, in characters. */
  readonly maxWaitingChars: number;
}

interface Waiting {
  readonly text: string;
  readonly limits: StreamLimits;
  readonly idempotencyKey: string | undefined;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
}

/** Size of one message, unless a single publication is larger. NATS allows 1 MB by default. */
const maxBatchChars = 131_072;
const maxBatch = 256;
/** Longest pause after a lost attempt, in milliseconds. */
const maxBackoffMs = 20;

export class Appender {
  /** Queues of channels with an append in progress. */
  readonly #queues = new Map<ChannelName, Waiting[]>();
  #numWaiting = 0;
  #charsWaiting = 0;

  constructor(private readonly ports: AppenderPorts) {}

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  append(
    channel: ChannelName,
    text: string,
    limits: StreamLimits,
    idempotencyKey: string | undefined,
  ): Promise<Published> {
    const { maxWaiting, maxWaitingChars } = this.ports;
    if (this.#numWaiting >= maxWaiting || this.#charsWaiting + text.length > maxWaitingChars) {
      return Promise.reject(new FanfareError('ERR_BROKER', 'too many publications wait for nats'));
    }
    this.#numWaiting++;
    this.#charsWaiting += text.length;
    return new Promise<Published>((resolve, reject) => {
      const waiting = { text, limits, idempotencyKey, resolve, reject };
      const queue = this.#queues.get(channel);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      this.#queues.set(channel, fresh);
      void this.#work(channel, fresh);
    }).finally(() => {
      this.#numWaiting--;
      this.#charsWaiting -= text.length;
    });
  }

  async #work(channel: ChannelName, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      try {
        const published = await this.#store(channel, batch);
        for (const [index, { resolve }] of batch.entries()) {
          resolve({ ...published, position: { ...published.position, offset: published.position.offset + index } });
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#queues.delete(channel);
  }

  /** @returns the result of the first; the others follow it */
  async #store(channel: ChannelName, batch: readonly Waiting[]): Promise<Published> {
    const { stream, keys, places, life, time, births, clock, timeoutMs, lastSeen } = this.ports;
    const [first] = batch;
    if (first === undefined) throw new Error('a batch has one publication at least');
    const { limits, idempotencyKey } = first;
    const id = idempotencyKey === undefined ? undefined : messageId(channel, idempotencyKey);
    await stream.fit(limits);
    if (id !== undefined && stream.mayHaveForgotten) {
      const position = await keys.find(id);
      if (position !== undefined) return { position, duplicate: true };
    }
    const texts = batch.map(({ text }) => text);
    const beganMs = clock.nowMs();
    let newestSeq = lastSeen(channel);
    for (let attempt = 1; ; attempt++) {
      let before =
        places.get(channel) ?? (await stream.last(channel))?.place ?? emptyPlace(births.next(), life.current);
      // The newest message was deleted, and its offset must not be used again.
      if (before.seq < newestSeq) before = { ...emptyPlace(births.next(), life.current), seq: before.seq };
      newestSeq = Math.max(newestSeq, before.seq);
      const after = advanced(before, batch.length, limits, life.current, time.nowMs());
      const text = encodeStored(after, texts);
      const appended = await this.#tried(channel, {
        text,
        expectedSeq: before.seq,
        ...(id !== undefined && { messageId: id }),
      });
      if (appended?.isDuplicate) return this.#duplicateOf(appended.seq, id);
      if (appended !== undefined) {
        places.learn(channel, { ...after, seq: appended.seq });
        const position = { offset: before.offset + 1, epoch: epochOf(after) };
        if (id !== undefined) await keys.remember(id, position);
        return { position, duplicate: false };
      }
      places.forget(channel);
      if (clock.nowMs() - beganMs > timeoutMs) {
        throw new FanfareError('ERR_BROKER', 'other nodes publish in this channel faster than this one can');
      }
      await this.#backOff(attempt);
    }
  }

  async #tried(
    channel: ChannelName,
    append: Parameters<JournalStream['append']>[1],
  ): ReturnType<JournalStream['append']> {
    try {
      return await this.ports.stream.append(channel, append);
    } catch (error) {
      // The message may or may not be stored.
      this.ports.places.forget(channel);
      throw error;
    }
  }

  /** From the message itself while it is kept, otherwise from the remembered key. */
  async #duplicateOf(seq: number, id: string | undefined): Promise<Published> {
    const { stream, keys } = this.ports;
    const place = (await stream.at(seq))?.place;
    const known = place === undefined && id !== undefined ? await keys.find(id) : undefined;
    const position = place === undefined ? known : { offset: place.offset, epoch: epochOf(place) };
    return { position: position ?? { offset: 0, epoch: '' }, duplicate: true };
  }

  async #backOff(attempt: number): Promise<void> {
    const { clock, random } = this.ports;
    if (attempt < 3) return;
    const limitMs = Math.min(maxBackoffMs, 2 ** (attempt - 2));
    await pause(clock, random.unit() * limitMs);
  }
}

/** A publication with an idempotency key has its own message, since the key is that of the message. */
function takeBatch(queue: Waiting[]): Waiting[] {
  const [first] = queue;
  let count = 1;
  let chars = first?.text.length ?? 0;
  for (
    ;
    first !== undefined && first.idempotencyKey === undefined && count < Math.min(queue.length, maxBatch);
    count++
  ) {
    const next = queue[count];
    if (next === undefined || next.idempotencyKey !== undefined) break;
    chars += next.text.length;
    if (chars > maxBatchChars || next.limits.size !== first.limits.size || next.limits.ttlMs !== first.limits.ttlMs)
      break;
  }
  return queue.splice(0, count);
}
