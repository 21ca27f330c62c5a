/** Appends to the streams of channels. Publications of a channel during an append share the next message. */

import type { Published, StreamLimits } from '../../../engine/ports/broker.js';
import type { Clock, Random } from '../../../engine/ports/clock.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Epochs } from '../../epochs.js';
import { messageId } from '../subjects.js';
import { backOff, ChannelQueues, type QueueLimits } from './channel-queues.js';
import type { KnownKeys } from './known-keys.js';
import type { Life } from './life.js';
import type { Places } from './places.js';
import type { ServerTime } from './server-time.js';
import { advanced, emptyPlace, encodeStored, epochOf } from './stored-message.js';
import type { JournalStream } from './stream.js';

interface AppenderPorts extends QueueLimits {
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
}

interface Append {
  readonly text: string;
  readonly limits: StreamLimits;
  readonly idempotencyKey: string | undefined;
}

export class Appender {
  readonly #queues: ChannelQueues<Append, Published>;

  constructor(private readonly ports: AppenderPorts) {
    this.#queues = new ChannelQueues(ports, {
      name: 'publications',
      mayFollow,
      run: async (channel, batch) => {
        const { position, duplicate } = await this.#store(channel, batch);
        return batch.map((_, index) => ({ position: { ...position, offset: position.offset + index }, duplicate }));
      },
    });
  }

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  append(
    channel: ChannelName,
    text: string,
    limits: StreamLimits,
    idempotencyKey: string | undefined,
  ): Promise<Published> {
    return this.#queues.add(channel, { text, limits, idempotencyKey }, text.length);
  }

  /** @returns the result of the first; the others follow it */
  async #store(channel: ChannelName, batch: readonly Append[]): Promise<Published> {
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
      await backOff(this.ports, attempt);
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
}

/** A publication with an idempotency key has its own message, since the key is that of the message. */
function mayFollow(first: Append, next: Append): boolean {
  if (first.idempotencyKey !== undefined || next.idempotencyKey !== undefined) return false;
  return next.limits.size === first.limits.size && next.limits.ttlMs === first.limits.ttlMs;
}
