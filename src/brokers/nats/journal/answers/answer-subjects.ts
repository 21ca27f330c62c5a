/** Names of the subjects of answers, all of them in one stream that keeps the last message of each. */

import type { ChannelName } from '../../../../model/channel-name.js';
import { encodeToken } from '../../subjects.js';

export class AnswerSubjects {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}.a`;
  }

  /** All of them. */
  get all(): string {
    return `${this.#prefix}.>`;
  }

  /** Entries, which are republished to the nodes. */
  get changes(): string {
    return `${this.#prefix}.*.l.*`;
  }

  /** Not the subject of a channel, where % begins an encoded byte. */
  get ping(): string {
    return `${this.#prefix}.%ping`;
  }

  /** Everything of a channel. */
  of(channel: ChannelName): string {
    return `${this.#of(channel)}.>`;
  }

  entry(channel: ChannelName, slot: number): string {
    return `${this.#of(channel)}.l.${slot}`;
  }

  entries(channel: ChannelName): string {
    return `${this.#of(channel)}.l.*`;
  }

  /** What is known of an answer but for its body. */
  head(channel: ChannelName, key: number): string {
    return `${this.#of(channel)}.k.${key}.h`;
  }

  piece(channel: ChannelName, key: number, index: number): string {
    return `${this.#of(channel)}.k.${key}.${index}`;
  }

  /** Stored to learn whether anything has changed. */
  confirmation(channel: ChannelName): string {
    return `${this.#of(channel)}.c.%`;
  }

  /** Reads {@link entry}, {@link head} and {@link piece}. */
  read(subject: string): AnswerSubject | undefined {
    const [, kind, first, second] = subject.slice(this.#prefix.length + 1).split('.');
    if (kind === 'l') return { kind: 'entry', slot: Number(first) };
    if (kind !== 'k') return undefined;
    return second === 'h'
      ? { kind: 'head', key: Number(first) }
      : { kind: 'piece', key: Number(first), index: Number(second) };
  }

  #of(channel: ChannelName): string {
    return `${this.#prefix}.${encodeToken(channel)}`;
  }
}

type AnswerSubject =
  | { readonly kind: 'entry'; readonly slot: number }
  | { readonly kind: 'head'; readonly key: number }
  | { readonly kind: 'piece'; readonly key: number; readonly index: number };
