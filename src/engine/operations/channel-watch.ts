/** Reads a channel for the application itself, which is no subscriber: it has no connection, no rate and no backlog. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Publication } from '../../model/publication.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { functionFailed } from '../channels/refusal-lines.js';
import type { Hub } from '../fanout/hub.js';
import type { Interest } from '../fanout/interest.js';

export interface ChannelWatchPorts {
  readonly hub: Pick<Hub, 'watch' | 'unwatch'>;
  readonly interest: Pick<Interest, 'hold' | 'release'>;
  readonly refusals: { tell(line: RefusalLine): unknown };
}

/**
 * Calls the listener with each publication that reaches this node: in order, and each once. What the broker has lost is
 * missing; with a history the offsets then jump. What the listener throws is logged, and nobody else notices.
 *
 * @returns resolves when no later publication is missed, with a function that ends it and may be called again
 * @throws FanfareError `ERR_BROKER`; nothing is watched then
 */
export async function watchChannel(
  { hub, interest, refusals }: ChannelWatchPorts,
  channel: ChannelName,
  listener: (publication: Publication) => void,
): Promise<() => void> {
  let [lastOffset, lastEpoch, isOver] = [0, '', false];
  const watcher = (publication: Publication, epoch: string) => {
    const { offset } = publication;
    if (isOver || (offset > 0 && epoch === lastEpoch && offset <= lastOffset)) return;
    [lastOffset, lastEpoch] = [offset, epoch];
    try {
      listener(publication);
    } catch (error) {
      refusals.tell(functionFailed('watch', error, { channel }));
    }
  };
  const stop = () => {
    if (isOver) return;
    isOver = true;
    hub.unwatch(channel, watcher);
    interest.release(channel);
  };
  hub.watch(channel, watcher);
  try {
    await interest.hold(channel);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
