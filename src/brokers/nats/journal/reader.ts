/** Streams of channels, read backwards from their last message. */

import type { HistoryPage, HistoryQuery, HistoryStore } from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { type Publication, publicationAt } from '../../../model/publication.js';
import type { Epochs } from '../../epochs.js';
import type { Life } from './life.js';
import type { Places } from './places.js';
import type { ServerTime } from './server-time.js';
import { emptyPlace, encodeStored, epochOf, hasExpired, type StoredMessage } from './stored-message.js';
import type { JournalStream } from './stream.js';

interface ReaderPorts {
  readonly stream: JournalStream;
  readonly places: Places;
  readonly life: Life;
  readonly time: ServerTime;
  readonly births: Epochs;
}

/** Attempts to read a place that other nodes keep changing. */
const maxAttempts = 50;

export class Reader implements HistoryStore {
  constructor(private readonly ports: ReaderPorts) {}

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const { life, time } = this.ports;
    const last = await this.#last(channel);
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
    const { stream, places } = this.ports;
    await this.#changed(channel, async (last) => {
      if (last === undefined) return true;
      const { birth, life, offset, seq } = last.place;
      const text = encodeStored(emptyPlace(birth, life, offset), []);
      return (await stream.append(channel, { text, expectedSeq: seq, isOnly: true })) !== undefined;
    });
    places.forget(channel);
  }

  /** Starts a new epoch for a channel with a deleted message, unless that has already happened. */
  async beginAgain(channel: ChannelName, birth: string): Promise<void> {
    const { stream, births, life, places } = this.ports;
    await this.#changed(channel, async (last) => {
      if (last === undefined || last.place.birth !== birth) return true;
      const text = encodeStored(emptyPlace(births.next(), life.current), []);
      return (await stream.append(channel, { text, expectedSeq: last.place.seq })) !== undefined;
    });
    places.forget(channel);
  }

  /** The last message of the channel; if it has none, its first one is stored. */
  async #last(channel: ChannelName): Promise<StoredMessage> {
    const { stream, births, life } = this.ports;
    let found: StoredMessage | undefined;
    await this.#changed(channel, async (last) => {
      found = last;
      if (last !== undefined) return true;
      const place = emptyPlace(births.next(), life.current);
      const appended = await stream.append(channel, { text: encodeStored(place, []), expectedSeq: 0 });
      if (appended !== undefined) found = { place: { ...place, seq: appended.seq }, publications: [] };
      return appended !== undefined;
    });
    if (found === undefined) throw new Error('a change that was made has a result');
    return found;
  }

  /** @param change returns false if another node was faster */
  async #changed(channel: ChannelName, change: (last: StoredMessage | undefined) => Promise<boolean>): Promise<void> {
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
