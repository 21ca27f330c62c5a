/**
 * For how long nothing that JetStream has acknowledged can have been taken back: a name that is kept in memory only, by as
 * many servers as the streams are. When they have all been restarted it is gone, and the next node gives another one.
 * Every epoch contains it, so that a history that came back from disk without its newest part, and was written on from
 * there, is never taken for the one that clients know.
 */

import type { Random } from '../../engine/clock.js';
import { Epochs } from '../epochs.js';
import type { Client } from './client-library.js';
import { isConflict, isStreamMissing, newStreamRetries } from './failures.js';
import type { Subjects } from './subjects.js';

export class Life {
  readonly #names: Epochs;
  #current = '';

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

  /** Reads the name, and gives one where there is none. @returns whether it is another than before */
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
      return message?.string();
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
    const name = this.#names.next();
    try {
      await appends.publish(this.subjects.life('id'), name, {
        expect: { lastSubjectSequence: 0 },
        retries: newStreamRetries,
      });
      return name;
    } catch (error) {
      // Another node was first.
      const given = isConflict(error) ? await this.#read(client) : undefined;
      if (given === undefined) throw error;
      return given;
    }
  }
}
