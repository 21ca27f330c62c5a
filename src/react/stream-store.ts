/** One stream of a channel for `useStream`. */

import { ClientError } from '../client/client-error.js';
import { openOrError } from '../client/open-or-error.js';
import { SnapshotStore } from '../client/snapshot-store.js';
import type { StreamState } from '../client/streams/stream.js';
import type { Streams } from '../client/streams/streams.js';

/** A stream at one moment. */
export interface StreamSnapshot<Item> {
  /** So far; empty for a stream of items. */
  readonly text: string;
  /** So far; empty for a stream of text. */
  readonly items: readonly Item[];
  /** `unknown` until something of it has come. */
  readonly state: StreamState;
  /** What it was opened with. */
  readonly meta: unknown;
  /** What it was closed with, or why it has failed. */
  readonly result: unknown;
  /** Why there is no subscription. */
  readonly error: ClientError | undefined;
}

export class StreamStore<Item> extends SnapshotStore<StreamSnapshot<Item>> {
  readonly #open: () => Streams<Item>;
  readonly #id: string;
  #isDue = false;

  /** @param open returns the streams of the channel with one more use */
  constructor(open: () => Streams<Item>, id: string) {
    super({ text: '', items: [], state: 'unknown', meta: undefined, result: undefined, error: undefined });
    this.#open = open;
    this.#id = id;
  }

  /** Tells the producer of the stream to stop, even before the component is mounted. */
  readonly cancel = async (): Promise<void> => {
    const streams = this.#open();
    try {
      await streams.stream(this.#id).cancel();
    } finally {
      streams.close();
    }
  };

  protected override start(): readonly (() => void)[] {
    const streams = openOrError(this.#open);
    if (streams instanceof ClientError) {
      this.update({ error: streams });
      return [];
    }
    const stream = streams.stream(this.#id);
    let isOver = false;
    const settle = () => {
      this.#isDue = false;
      if (isOver) return;
      const { soFar, items, state, meta, result } = stream;
      this.update({ text: soFar, items: [...items], state, meta, result });
    };
    // Several parts may come in one turn, and each would be a copy.
    const soon = () => {
      if (this.#isDue) return;
      this.#isDue = true;
      queueMicrotask(settle);
    };
    const { channel } = streams;
    const stops = [
      stream.onChange(soon),
      channel.on('subscribed', () => this.update({ error: undefined })),
      channel.on('unsubscribed', ({ error }) => this.update({ error })),
      () => {
        isOver = true;
        streams.close();
      },
    ];
    if (channel.error !== undefined) this.update({ error: channel.error });
    return stops;
  }
}
