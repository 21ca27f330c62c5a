/** The newest messages of a channel as one list that stays up to date: history first, then live, without gaps or doubles. */

import { type ChannelSnapshot, ChannelStore, type MessageSource } from './channel-store.js';

const defaultKeep = 100;

/** What a live list has, and how long it is. */
export interface LiveOptions {
  /**
   * Read this many messages of the history when subscribing, and again after a reconnect that lost some. Default: 0,
   * none. Needs a channel rule with history.
   */
  readonly history?: number;
  /** Largest number of messages in the list; the oldest are dropped. Default: 100, or `history` if that is more. */
  readonly keep?: number;
}

/**
 * Made by `channel.live()`. What `useChannel` is in React, for everything else: `view` is an immutable object, another
 * one after each change, which fits the stores of Vue, Svelte and Solid.
 *
 * @example
 * const live = room.live({ history: 50 });
 * const stop = live.on('change', ({ messages, gap }) => show(messages, gap));
 * live.clear();
 * stop();
 * live.close();
 */
export class LiveChannel<Data> {
  readonly #store: ChannelStore<Data, never>;
  readonly #stops = new Set<() => void>();

  /** @param open returns the channel with one more use */
  constructor(
    open: () => MessageSource<Data, never>,
    { history = 0, keep = Math.max(defaultKeep, history) }: LiveOptions,
  ) {
    this.#store = new ChannelStore<Data, never>(open, { history, keep });
    // It subscribes at once, and not with the first listener.
    this.#stops.add(this.#store.watch(() => undefined));
  }

  /** The list and the state of the channel. */
  get view(): ChannelSnapshot<Data> {
    return this.#store.read();
  }

  /** Oldest first. */
  get messages(): ChannelSnapshot<Data>['messages'] {
    return this.view.messages;
  }

  /**
   * Calls the listener with each new view, not with the present one.
   *
   * @returns a function that stops listening
   * @example live.on('change', ({ messages, gap }) => show(messages, gap));
   */
  on(_event: 'change', listener: (view: ChannelSnapshot<Data>) => void): () => void {
    if (this.#stops.size === 0) return () => undefined;
    const end = this.#store.watch(() => listener(this.view));
    const stop = () => {
      this.#stops.delete(stop);
      end();
    };
    this.#stops.add(stop);
    return stop;
  }

  /** Empties the list. */
  clear(): void {
    this.#store.clear();
  }

  /** Ends this use of the channel, and all listeners. Idempotent. */
  close(): void {
    for (const stop of [...this.#stops]) stop();
    this.#stops.clear();
  }
}
