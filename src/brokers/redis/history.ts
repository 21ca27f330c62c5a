/** Streams of channels in Redis, each with its position: offset and epoch. */

import * as v from 'valibot';
import type { HistoryPage, HistoryQuery, HistoryStore } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { payloadValue } from '../../model/payload.js';
import { type Publication, publicationAt } from '../../model/publication.js';
import { decodePublication } from '../bus-message.js';
import type { Epochs } from '../epochs.js';
import type { Keys } from './keys.js';
import type { Scripts } from './script.js';
import type { Topology } from './topology.js';

interface RedisHistoryPorts {
  readonly topology: Topology;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly epochs: Epochs;
  /** How long a stream is kept that nobody uses, in milliseconds. */
  readonly idleMs: number;
  readonly onRead?: (channel: ChannelName) => void;
}

/** Offset and epoch of the top, oldest offset or nothing, then offset and text of each publication. */
const answer = v.array(v.string());

export class RedisHistory implements HistoryStore {
  constructor(private readonly ports: RedisHistoryPorts) {}

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const { topology, scripts, keys, epochs, idleMs, onRead } = this.ports;
    const { since, reverse, limit } = query;
    // Nothing is before offset 0, which a query to Redis cannot express.
    const isNothing = reverse && since?.offset === 0;
    const page = v.parse(
      answer,
      await topology
        .routeOf(channel)
        .run(
          scripts.read,
          [keys.place(channel), keys.stream(channel)],
          [
            `${isNothing ? 0 : limit}`,
            reverse ? '1' : '0',
            since === undefined ? '' : `${since.offset}`,
            `${idleMs}`,
            epochs.next(),
          ],
        ),
    );
    onRead?.(channel);
    const [offset = '', epoch = '', oldest = ''] = page;
    const top = { offset: Number(offset), epoch };
    if (since?.epoch !== undefined && since.epoch !== epoch) return { top, publications: [], continuous: false };
    const entries = entriesOf(page);
    const isWhole = isContinuous(query, top.offset, oldest, entries);
    const publications = entries
      .map(({ publication }) => publication)
      .filter((publication) => publication !== undefined);
    if (since === undefined && publications.length < entries.length) {
      throw new FanfareError('ERR_HISTORY_BROKEN', `redis: an entry of the stream of "${channel}" is broken`);
    }
    return { top, publications, continuous: isWhole };
  }

  async remove(channel: ChannelName): Promise<void> {
    const { topology, scripts, keys } = this.ports;
    await topology.routeOf(channel).run(scripts.remove, [keys.place(channel), keys.stream(channel)], []);
  }
}

interface Entry {
  readonly offset: number;
  /** Absent if no node has written the entry. */
  readonly publication: Publication | undefined;
}

function entriesOf(page: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  for (let i = 3; i + 1 < page.length; i += 2) {
    const offset = Number(page[i]);
    entries.push({ offset, publication: decoded(page[i + 1] ?? '', offset) });
  }
  return entries;
}

function decoded(text: string, offset: number): Publication | undefined {
  try {
    const publication = decodePublication(text);
    payloadValue(publication.data);
    return publicationAt(publication, offset);
  } catch {
    return undefined;
  }
}

/** Counts the entries, since others may have deleted or damaged some in between. */
function isContinuous(query: HistoryQuery, top: number, oldest: string, entries: readonly Entry[]): boolean {
  const { since, reverse, limit } = query;
  if (since === undefined) return true;
  const step = reverse ? -1 : 1;
  const first = reverse ? Math.min(top, since.offset - 1) : since.offset + 1;
  const isCounted = entries.every((entry, i) => entry.publication !== undefined && entry.offset === first + i * step);
  if (!isCounted) return false;
  if (reverse) return since.offset <= top + 1;
  if (since.offset > top) return false;
  if (limit === 0) return since.offset + 1 >= (oldest === '' ? top + 1 : Number(oldest));
  return entries.length === limit || since.offset + entries.length === top;
}
