/**
 * For how long nothing that JetStream has acknowledged can have been taken back: a name that is kept in memory only, by as
 * many servers as the streams are. When they have all been restarted it is gone, and the next node gives another one.
 * Every epoch contains it, so that a history that came back from disk without its newest part, and was written on from
 * there, is never taken for the one that clients know.
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

  /** When it was given, by the clock of the server. */
  get beganMs(): number {
    return this.#beganMs;
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
