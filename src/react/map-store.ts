/** The keys of a map for `useMap`. */

import type { ChannelState } from '../client/channel-events.js';
import type { ChannelMap } from '../client/channel-map.js';
import { ClientError } from '../client/client-error.js';
import { openOrError } from '../client/open-or-error.js';
import { SnapshotStore } from '../client/snapshot-store.js';

/** The keys of a map at one moment. */
export interface MapSnapshot<Value> {
  /** Empty until the state has come. During a reconnect, the last known one. */
  readonly entries: ReadonlyMap<string, Value>;
  /** Whether changes come. */
  readonly state: ChannelState;
  /** The state has not come yet. */
  readonly loading: boolean;
  /** Why there is no subscription. */
  readonly error: ClientError | undefined;
}

export class MapStore<Value, Input> extends SnapshotStore<MapSnapshot<Value>> {
  readonly #open: () => ChannelMap<Value, Input>;
  #isDue = false;

  /** @param open returns the map with one more use */
  constructor(open: () => ChannelMap<Value, Input>) {
    super({ entries: new Map(), state: 'subscribing', loading: true, error: undefined });
    this.#open = open;
  }

  /** Sets a key, even before the component is mounted. */
  readonly set = (key: string, value: Input): Promise<void> => this.#call((map) => map.set(key, value));

  /** Removes a key. */
  readonly remove = (key: string): Promise<void> => this.#call((map) => map.remove(key));

  protected override start(): readonly (() => void)[] {
    const map = openOrError(this.#open);
    if (map instanceof ClientError) {
      this.update({ state: 'unsubscribed', loading: false, error: map });
      return [];
    }
    const { channel } = map;
    let isOver = false;
    const settle = () => {
      this.#isDue = false;
      if (!isOver) this.update({ entries: new Map(map), loading: !map.isSynced });
    };
    // Many changes come in one turn, and each would be a copy.
    const soon = () => {
      if (this.#isDue) return;
      this.#isDue = true;
      queueMicrotask(settle);
    };
    const stops = [
      map.on('sync', soon),
      map.on('change', soon),
      channel.on('subscribing', () => this.update({ state: 'subscribing', error: undefined })),
      channel.on('subscribed', () => this.update({ state: 'subscribed', error: undefined })),
      channel.on('unsubscribed', ({ error }) => this.update({ state: 'unsubscribed', loading: false, error })),
      () => {
        isOver = true;
        map.close();
      },
    ];
    // Another component may already have subscribed, or have been refused.
    const { state, error } = map;
    if (state !== 'subscribing') this.update({ state, error });
    if (map.isSynced) settle();
    else if (state === 'unsubscribed') this.update({ loading: false });
    return stops;
  }

  async #call(run: (map: ChannelMap<Value, Input>) => Promise<void>): Promise<void> {
    const map = this.#open();
    try {
      await run(map);
    } finally {
      map.close();
    }
  }
}
