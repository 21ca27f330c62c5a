/** Streams of channels, read backwards from their last message. */

import type { HistoryPage, HistoryQuery, HistoryStore } from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { type Publication, publicationAt } from '../../../model/publication.js';
import type { Epochs } from '../../epochs.js';
import type { Life } from './life.js';
import type { ServerTime } from './server-time.js';
import { emptyPlace, epochOf, hasExpired, type Place, type StoredMessage } from './stored-message.js';

/** The messages of channels' streams. `Last` is what is known of the last one. */
export interface PlacedMessages<Last extends StoredMessage = StoredMessage> {
  /** @throws FanfareError `ERR_BROKER` */
  last(channel: ChannelName): Promise<Last | undefined>;
  /** One message, or `undefined` if it is gone. @throws FanfareError `ERR_BROKER` */
  at(seq: number): Promise<StoredMessage | undefined>;
  /**
   * Stores a place without publications.
   *
   * @param last the message that it has to follow
   * @param isOnly whether earlier ones may be dropped
   * @returns `undefined` if another message was faster
   * @throws FanfareError `ERR_BROKER`
   */
  putPlace(channel: ChannelName, place: Place, last: Last | undefined, isOnly: boolean): Promise<Last | undefined>;
}

interface ReaderPorts<Last extends StoredMessage> {
  readonly stream: PlacedMessages<Last>;
  /** Called when this node has changed a channel's place. */
  readonly onPlaced?: (channel: ChannelName) => void;
  readonly life: Life;
  readonly time: ServerTime;
  readonly births: Epochs;
}

/** Attempts to read a place that other nodes keep changing. */
const maxAttempts = 50;

export class Reader<Last extends StoredMessage = StoredMessage> implements HistoryStore {
  constructor(private readonly ports: ReaderPorts<Last>) {}

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const { life, time } = this.ports;
    const last = await this.last(channel);
    const { offset } = last.place;
    // Existing messages belong to the current life, whichever life they were stored in.
    const epoch = epochOf({ birth: last.place.birth, life: life.current });
    const top = { offset, epoch };
    const { since, reverse } = query;
    if (since?.epoch !== undefined && since.epoch !== epoch) return { top, publications: [], continuous: false };
    const oldest = hasExpired(last.place, time.nowMs()) ? offset + 1 : last.place.oldest;
    const [from, to] = rangeOf(query, oldest, offset);
    const found = from > to ? [] : await this.#backwards(last, from);
    const begin = found[0]?.offset ?? offset + 1;
    const publications = found.slice(Math.max(0, from - begin)).filter((one) => one.offset <= to);
    if (reverse) publications.reverse();
    return { top, publications, continuous: isContinuous(query, offset, from > to ? from : Math.max(from, begin)) };
  }

  async remove(channel: ChannelName): Promise<void> {
    const { stream, onPlaced } = this.ports;
    await this.#changed(channel, async (last) => {
      if (last === undefined) return true;
      const { birth, life, offset } = last.place;
      return (await stream.putPlace(channel, emptyPlace(birth, life, offset), last, true)) !== undefined;
    });
    onPlaced?.(channel);
  }

  /** Starts a new epoch for a channel with a deleted message, unless that has already happened. */
  async beginAgain(channel: ChannelName, birth: string): Promise<void> {
    const { stream, births, life, onPlaced } = this.ports;
    await this.#changed(channel, async (last) => {
      if (last === undefined || last.place.birth !== birth) return true;
      return (await stream.putPlace(channel, emptyPlace(births.next(), life.current), last, false)) !== undefined;
    });
    onPlaced?.(channel);
  }

  /** The last message of the channel; if it has none, its first one is stored. */
  async last(channel: ChannelName): Promise<Last> {
    const { stream, births, life } = this.ports;
    let found: Last | undefined;
    await this.#changed(channel, async (last) => {
      found = last ?? (await stream.putPlace(channel, emptyPlace(births.next(), life.current), undefined, false));
      return found !== undefined;
    });
    if (found === undefined) throw new Error('a change that was made has a result');
    return found;
  }

  /** @param change returns false if another node was faster */
  async #changed(channel: ChannelName, change: (last: Last | undefined) => Promise<boolean>): Promise<void> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (await change(await this.ports.stream.last(channel))) return;
    }
    throw new FanfareError('ERR_BROKER', 'the history of this channel does not stand still');
  }

  /** Publications from the top down to an offset, as far as they exist, in the order of their offsets. */
  async #backwards(last: StoredMessage, downTo: number): Promise<Publication[]> {
    const { stream } = this.ports;
    const newestFirst: Publication[] = [];
    /** The offset that the next message must end with. */
    let expected = last.place.offset;
    const take = ({ place, publications }: StoredMessage): boolean => {
      if (place.birth !== last.place.birth || place.offset !== expected) return false;
      for (let i = publications.length - 1; i >= 0; i--) {
        const publication = publications[i];
        if (publication !== undefined) newestFirst.push(publicationAt(publication, expected--));
      }
      return true;
    };
    take(last);
    let { links } = last.place;
    while (expected >= downTo && links.length > 0) {
      // Each message has at least one publication, which bounds their number.
      const messages = await Promise.all(links.slice(0, expected - downTo + 1).map((seq) => stream.at(seq)));
      links = [];
      for (const message of messages) {
        if (message === undefined || !take(message)) return newestFirst.reverse();
        ({ links } = message.place);
      }
    }
    return newestFirst.reverse();
  }
}

/** The first and last offset of a query; empty if the first is higher. */
function rangeOf({ since, reverse, limit }: HistoryQuery, oldest: number, top: number): [from: number, to: number] {
  if (reverse) {
    const to = Math.min(top, since === undefined ? top : since.offset - 1);
    return [Math.max(oldest, to - limit + 1), to];
  }
  const from = Math.max(oldest, since === undefined ? oldest : since.offset + 1);
  return [from, Math.min(top, from + limit - 1)];
}

function isContinuous({ since, reverse }: HistoryQuery, top: number, oldest: number): boolean {
  if (since === undefined) return true;
  if (reverse) return since.offset <= top + 1;
  return since.offset <= top && since.offset + 1 >= oldest;
}
