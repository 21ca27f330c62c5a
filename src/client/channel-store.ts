/**
 * The newest messages of a channel for `channel.live()` and `useChannel`: history first, then live, in one list without
 * gaps or duplicates.
 */

import type { ChannelEvents, ChannelState, HistoryOptions, HistoryResult } from './channel-events.js';
import { ClientError, toClientError } from './client-error.js';
import type { Message, StreamPosition } from './message.js';
import { openOrError } from './open-or-error.js';
import { SnapshotStore } from './snapshot-store.js';

/** The part of a channel that the list is made from. */
export interface MessageSource<Data, Input> {
  readonly state: ChannelState;
  readonly error: ClientError | undefined;
  on<Event extends keyof ChannelEvents<Data>>(
    event: Event,
    listener: (payload: ChannelEvents<Data>[Event]) => void,
  ): () => void;
  publish(data: Input): Promise<StreamPosition | undefined>;
  history(options?: HistoryOptions): Promise<HistoryResult<Data>>;
  close(): void;
}

/** A channel at one moment. */
export interface ChannelSnapshot<Data> {
  /** Oldest first, at most `keep`. */
  readonly messages: readonly Message<Data>[];
  /** Whether messages come. */
  readonly state: ChannelState;
  /** Whether everything missed in the latest reconnect was delivered; `true` as long as nothing was missed. */
  readonly recovered: boolean;
  /** The list has a gap: messages were lost in a reconnect and the history was not read again. */
  readonly gap: boolean;
  /** The history is being read. */
  readonly loading: boolean;
  /** Why there is no subscription, or why the history could not be read. */
  readonly error: ClientError | undefined;
}

interface ChannelStoreOptions {
  readonly keep: number;
  readonly history: number;
}

export class ChannelStore<Data, Input> extends SnapshotStore<ChannelSnapshot<Data>> {
  readonly #open: () => MessageSource<Data, Input>;
  readonly #options: ChannelStoreOptions;
  /** Messages that arrived since the latest reading of the history began; `undefined` when none is in progress. */
  #sinceLoad: readonly Message<Data>[] | undefined;
  /** Offset up to which the latest reading is complete: a live message may arrive after the history that has it. */
  #top = 0;
  /** Counts readings, so that an outdated one changes nothing. */
  #loads = 0;

  /** @param open returns the channel with one more use */
  constructor(open: () => MessageSource<Data, Input>, options: ChannelStoreOptions) {
    super({
      messages: [],
      state: 'subscribing',
      recovered: true,
      gap: false,
      loading: options.history > 0,
      error: undefined,
    });
    this.#open = open;
    this.#options = options;
  }

  /** Publishes, even before the list is watched. */
  readonly publish = async (data: Input): Promise<StreamPosition | undefined> => {
    const channel = this.#open();
    try {
      return await channel.publish(data);
    } finally {
      channel.close();
    }
  };

  /** Empties the list. */
  readonly clear = (): void => this.update({ messages: [], gap: false });

  protected override start(): readonly (() => void)[] {
    const channel = openOrError(this.#open);
    if (channel instanceof ClientError) {
      this.update({ state: 'unsubscribed', loading: false, error: channel });
      return [];
    }
    const stops = [
      channel.on('message', (message) => this.#add(message)),
      channel.on('subscribing', () => this.update({ state: 'subscribing', error: undefined })),
      channel.on('subscribed', ({ recovered, wasRecovering }) => {
        const isLost = wasRecovering && !recovered;
        this.update({ state: 'subscribed', error: undefined, recovered: !isLost, ...(isLost && { gap: true }) });
        if (!recovered) void this.#load(channel);
      }),
      channel.on('unsubscribed', ({ error }) => this.update({ state: 'unsubscribed', loading: false, error })),
      () => {
        this.#loads += 1;
        this.#sinceLoad = undefined;
        channel.close();
      },
    ];
    // Another user of the channel may already have subscribed, or have been refused.
    const { state, error } = channel;
    if (state !== 'subscribing') this.update({ state, error, loading: false });
    if (state === 'subscribed') void this.#load(channel);
    return stops;
  }

  #add(message: Message<Data>): void {
    const { keep } = this.#options;
    if (message.offset !== undefined && message.offset <= this.#top) return;
    if (this.#sinceLoad !== undefined) this.#sinceLoad = newest([...this.#sinceLoad, message], keep);
    this.update({ messages: newest([...this.read().messages, message], keep) });
  }

  /** Reads after subscribing: if it read before, messages in between would be in neither. */
  async #load(channel: MessageSource<Data, Input>): Promise<void> {
    const { history: limit, keep } = this.#options;
    if (limit === 0) return;
    this.#loads += 1;
    const load = this.#loads;
    this.#sinceLoad = [];
    this.#top = 0;
    this.update({ loading: true });
    try {
      const { messages, offset: top } = await channel.history({ limit, reverse: true });
      if (load !== this.#loads) return;
      this.#top = top;
      const later = (this.#sinceLoad ?? []).filter(({ offset }) => offset === undefined || offset > top);
      this.update({ messages: newest([...messages].reverse().concat(later), keep), gap: false });
    } catch (error) {
      if (load !== this.#loads) return;
      this.update({ error: toClientError(error) });
    }
    this.#sinceLoad = undefined;
    this.update({ loading: false });
  }
}

/** The last `max` of them; the same list when there are no more. */
function newest<T>(list: readonly T[], max: number): readonly T[] {
  return list.length > max ? list.slice(list.length - max) : list;
}
