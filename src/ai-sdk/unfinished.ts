/** The streams of a channel that may still grow. */

import type { Stream } from '../client/streams/stream.js';
import type { Streams } from '../client/streams/streams.js';

/** In the order in which they began. */
export function unfinished(streams: Streams): Stream[] {
  return streams.all
    .filter(({ state }) => state === 'open' || state === 'interrupted')
    .sort((one, other) => one.number - other.number);
}
