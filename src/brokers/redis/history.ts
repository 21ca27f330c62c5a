/** Streams of channels in Redis, each with its place: offset and epoch. */

import * as v from 'valibot';
import type { HistoryPage, HistoryQuery, HistoryStore } from '../../engine/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { Publication } from '../../model/publication.js';
import { decodePublication } from '../bus-message.js';
import type { Epochs } from '../epochs.js';
import type { Keys } from './keys.js';
import type { Scripts } from './script.js';
import type { Topology } from './topology.js';

export interface RedisHistoryParts {
  readonly topology: Topology;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly epochs: Epochs;
  readonly streamIdleMs: number;
}

/** Offset and epoch of the top, oldest offset or nothing, then offset and text of each publication. */
const answer = v.array(v.string());

export class RedisHistory implements HistoryStore {
  constructor(private readonly parts: RedisHistoryParts) {}

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const { topology, scripts, keys, epochs, streamIdleMs } = this.parts;
    const { since, reverse, limit } = query;
    // Before offset 0 there is nothing, and Redis has no way to say so.
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
            `${streamIdleMs}`,
            epochs.next(),
          ],
        ),
    );
    const [offset = '', epoch = '', oldest = ''] = page;
    const top = { offset: Number(offset), epoch };
    if (since?.epoch !== undefined && since.epoch !== epoch) return { top, publications: [], continuous: false };
    const publications: Publication[] = [];
    for (let i = 3; i + 1 < page.length; i += 2) {
      publications.push({ ...decodePublication(page[i + 1] ?? ''), offset: Number(page[i]) });
    }
    return { top, publications, continuous: isContinuous(query, top.offset, oldest) };
  }

  async remove(channel: ChannelName): Promise<void> {
    const { topology, keys } = this.parts;
    await topology.routeOf(channel).send(['DEL', keys.stream(channel)]);
  }
}

function isContinuous({ since, reverse }: HistoryQuery, top: number, oldest: string): boolean {
  if (since === undefined) return true;
  if (reverse) return since.offset <= top + 1;
  return since.offset <= top && since.offset + 1 >= (oldest === '' ? top + 1 : Number(oldest));
}
