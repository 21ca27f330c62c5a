/** Names of the subjects of maps, all of them in one stream that keeps the last message of each. */

import type { ChannelName } from '../../../../model/channel-name.js';
import { encodeToken } from '../../subjects.js';

export class MapSubjects {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}.m`;
  }

  /** All of them. */
  get all(): string {
    return `${this.#prefix}.>`;
  }

  /** Changes, which are republished to the nodes. */
  get changes(): string {
    return `${this.#prefix}.*.l.*`;
  }

  /** Not the subject of a channel, where % begins an encoded byte. */
  get ping(): string {
    return `${this.#prefix}.%ping`;
  }

  /** Up to which second ended keys have been removed; see `ended-keys.ts`. */
  get swept(): string {
    return `${this.#prefix}.%swept`;
  }

  /** Where a channel's stream is, and how many keys there are. The last message of each change. */
  top(channel: ChannelName): string {
    return `${this.#of(channel)}.s.%top`;
  }

  state(channel: ChannelName, key: string): string {
    return `${this.#of(channel)}.s.${encodeToken(key)}`;
  }

  /** The states of all keys, and {@link top}. */
  states(channel: ChannelName): string {
    return `${this.#of(channel)}.s.*`;
  }

  change(channel: ChannelName, slot: number): string {
    return `${this.#of(channel)}.l.${slot}`;
  }

  idempotencyKey(channel: ChannelName, id: string): string {
    return `${this.#of(channel)}.i.${id}`;
  }

  /** Stored to learn whether anything has changed. */
  confirmation(channel: ChannelName): string {
    return `${this.#of(channel)}.c.%`;
  }

  /** Says that a key may have ended by that second. */
  end(second: number, channel: ChannelName, key: string): string {
    return `${this.#prefix}.%end.${second}.${encodeToken(channel)}.${encodeToken(key)}`;
  }

  /** The same for all keys. Absent: at any time. */
  ends(second?: number): string {
    return `${this.#prefix}.%end.${second ?? '*'}.>`;
  }

  /** Reads {@link end}. */
  endOf(subject: string): { readonly second: number; readonly channel: ChannelName; readonly key: string } | undefined {
    const [second, channel, key] = subject.slice(this.#prefix.length + '.%end.'.length).split('.');
    if (second === undefined || channel === undefined || key === undefined) return undefined;
    // safe: `end` has made it of the name of a channel
    return { second: Number(second), channel: decodeToken(channel) as ChannelName, key: decodeToken(key) };
  }

  #of(channel: ChannelName): string {
    return `${this.#prefix}.${encodeToken(channel)}`;
  }
}

function decodeToken(token: string): string {
  return decodeURIComponent(token);
}
