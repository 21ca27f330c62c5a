/**
 * Publications with an idempotency key in channels without history: a stream of their own knows the keys of the last five
 * minutes and passes on what it has not seen before.
 */

import type { ChannelName } from '../../model/channel-name.js';
import type { Client } from './client-library.js';
import { isStreamMissing, newStreamRetries } from './failures.js';
import type { FilledNatsOptions } from './options.js';
import { messageId, type Subjects } from './subjects.js';
import type { Wire } from './wire.js';

/** How long keys are known, and what was published with them is kept: five minutes, in nanoseconds. */
const windowNs = 300_000_000_000;

export class Once {
  constructor(
    private readonly wire: Wire,
    private readonly subjects: Subjects,
    private readonly options: FilledNatsOptions,
  ) {}

  /** @returns whether the key was known. @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  async publish(channel: ChannelName, text: string, idempotencyKey: string): Promise<boolean> {
    const subject = this.subjects.once(channel);
    const options = {
      msgID: messageId(channel, idempotencyKey),
      expect: { streamName: this.subjects.stream('once') },
    };
    return this.wire.call(async (client) => {
      try {
        return (await client.appends.publish(subject, text, { ...options, retries: newStreamRetries })).duplicate;
      } catch (error) {
        if (!isStreamMissing(error)) throw error;
        await this.#make(client);
        return (await client.appends.publish(subject, text, options)).duplicate;
      }
    });
  }

  /** Of no effect where another node has made it. */
  async #make({ streams }: Client): Promise<void> {
    await streams.streams.add({
      name: this.subjects.stream('once'),
      subjects: [this.subjects.all('k')],
      republish: { src: this.subjects.all('k'), dest: this.subjects.passedOn },
      storage: this.options.storage,
      num_replicas: this.options.replicas,
      discard: 'new',
      max_age: windowNs,
      duplicate_window: windowNs,
    });
  }
}
