/** The last known places of channels' streams, so that an append usually needs no request before it. */

import type { ChannelName } from '../../../model/channel-name.js';
import { setNewest } from '../../../model/set-newest.js';
import type { Place } from './stored-message.js';

const maxPlaces = 20_000;

/** May be outdated: an append is refused if another message was stored after its place. */
export class Places {
  readonly #places = new Map<ChannelName, Place>();

  has(channel: ChannelName): boolean {
    return this.#places.has(channel);
  }

  get(channel: ChannelName): Place | undefined {
    return this.#places.get(channel);
  }

  /** Keeps the later one of two. */
  learn(channel: ChannelName, place: Place): void {
    const known = this.#places.get(channel);
    if (known !== undefined && known.seq > place.seq) return;
    setNewest(this.#places, channel, place, maxPlaces);
  }

  forget(channel: ChannelName): void {
    this.#places.delete(channel);
  }

  clear(): void {
    this.#places.clear();
  }
}
