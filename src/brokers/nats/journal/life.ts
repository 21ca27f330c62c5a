/**
 * Detects when JetStream may have lost acknowledged messages: by a name that is stored only in memory, on as many
 * servers as the streams. When all of them have been restarted the name is gone, and the next node makes another one.
 * Every epoch contains it, so that a history restored from disk without its newest part is never mistaken for the one
 * that clients know.
 */

import type { Random } from '../../../engine/ports/clock.js';
import { Epochs } from '../../epochs.js';
import type { Client } from '../client-library.js';
import { isConflict, isStreamMissing, newStreamRetries } from '../failures.js';
import type { Subjects } from '../subjects.js';

export class Life {
  readonly #names: Epochs;
  #current = '';
  #beganMs = 0;

  constructor(
    random: Random,
    private readonly subjects: Subjects,
    private readonly replicas: number,
  ) {
    this.#names = new Epochs(random);
  }

  /** Empty before the first {@link renew}. */
  get current(): string {
    return this.#current;
  }

  /** When the name was stored, by the server's clock. */
  get beganMs(): number {
    return this.#beganMs;
  }

  /** Reads the name, and makes one if there is none. @returns whether it has changed */
  async renew(client: Client): Promise<boolean> {
    const before = this.#current;
    this.#current = (await this.#read(client)) ?? (await this.#begin(client));
    return before !== '' && before !== this.#current;
  }

  async #read({ streams }: Client): Promise<string | undefined> {
    try {
      const message = await streams.streams.getMessage(this.subjects.stream('life'), {
        last_by_subj: this.subjects.life('id'),
      });
      if (message === null) return undefined;
      this.#beganMs = message.time.getTime();
      return message.string();
    } catch (error) {
      if (isStreamMissing(error)) return undefined;
      throw error;
    }
  }

  async #begin(client: Client): Promise<string> {
    const { streams, appends } = client;
    await streams.streams.add({
      name: this.subjects.stream('life'),
      subjects: [this.subjects.life('*')],
      storage: 'memory',
      num_replicas: this.replicas,
      max_msgs_per_subject: 1,
    });
    try {
      const expect = { lastSubjectSequence: 0 };
      await appends.publish(this.subjects.life('id'), this.#names.next(), { expect, retries: newStreamRetries });
    } catch (error) {
      // Another node was first.
      if (!isConflict(error)) throw error;
    }
    const given = await this.#read(client);
    if (given === undefined) throw new Error('what was just stored is not there');
    return given;
  }
}
