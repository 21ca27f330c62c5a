/**
 * The idempotency keys of the last five minutes, in their own stream. For channels without history it republishes
 * messages with new keys. For those with history it remembers the results of keys, since the history forgets the ids of
 * dropped messages when its server is restarted.
 */

import * as v from 'valibot';
import { idempotencyWindowMs as windowMs } from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import type { Position } from '../../../model/position.js';
import type { Client } from '../client-library.js';
import { isStreamMissing, newStreamRetries } from '../failures.js';
import type { FilledNatsOptions } from '../options.js';
import type { Subjects } from '../subjects.js';
import type { Wire } from '../wire.js';
import type { ServerTime } from './server-time.js';

const windowNs = windowMs * 1_000_000;

const position = v.pipe(
  v.string(),
  v.transform((text) => JSON.parse(text)),
  v.object({ offset: v.pipe(v.number(), v.safeInteger()), epoch: v.string() }),
);

export class KnownKeys {
  constructor(
    private readonly wire: Wire,
    private readonly subjects: Subjects,
    private readonly time: ServerTime,
    private readonly options: FilledNatsOptions,
  ) {}

  /** Called for each new connection. */
  async prepare(client: Client): Promise<void> {
    try {
      await client.streams.streams.info(this.subjects.stream('once'));
    } catch (error) {
      if (!isStreamMissing(error)) throw error;
      await this.#make(client);
    }
  }

  /**
   * Publishes to a channel without history.
   *
   * @param id of the key, see `messageId`
   * @returns whether the key was known, so that nothing was published
   * @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`
   */
  async publish(channel: ChannelName, text: string, id: string): Promise<boolean> {
    return this.#keep(this.subjects.once(channel), text, id);
  }

  /** Stores the result of a publication to a channel with history. @throws FanfareError `ERR_BROKER` */
  async remember(id: string, published: Position): Promise<void> {
    await this.#keep(this.subjects.key(id), JSON.stringify(published));
  }

  /** The stored result of a key, if any. @throws FanfareError `ERR_BROKER` */
  async find(id: string): Promise<Position | undefined> {
    return this.wire.call(async ({ streams }) => {
      try {
        const message = await streams.streams.getMessage(this.subjects.stream('once'), {
          last_by_subj: this.subjects.key(id),
        });
        if (message === null || this.time.nowMs() - message.time.getTime() >= windowMs) return undefined;
        return v.parse(position, message.string());
      } catch (error) {
        if (isStreamMissing(error)) return undefined;
        throw error;
      }
    });
  }

  /** Stores something for five minutes. @throws FanfareError `ERR_BROKER` */
  async probe(): Promise<void> {
    await this.#keep(this.subjects.key('%probe'), '');
  }

  async #keep(subject: string, text: string, id?: string): Promise<boolean> {
    const options = {
      expect: { streamName: this.subjects.stream('once') },
      ...(id !== undefined && { msgID: id }),
    };
    return this.wire.call(async (client) => {
      try {
        return (await client.appends.publish(subject, text, options)).duplicate;
      } catch (error) {
        if (!isStreamMissing(error)) throw error;
        await this.#make(client);
        return (await client.appends.publish(subject, text, { ...options, retries: newStreamRetries })).duplicate;
      }
    });
  }

  /** No effect if another node has created it. */
  async #make({ streams }: Client): Promise<void> {
    await streams.streams.add({
      name: this.subjects.stream('once'),
      subjects: [this.subjects.all('k'), this.subjects.key('*')],
      republish: { src: this.subjects.all('k'), dest: this.subjects.passedOn },
      storage: this.options.storage,
      num_replicas: this.options.replicas,
      discard: 'new',
      max_age: windowNs,
      duplicate_window: windowNs,
    });
  }
}
