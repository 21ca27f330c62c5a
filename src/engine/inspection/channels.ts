/** The channels of one node, in pages by name, with their figures. */

import * as v from 'valibot';
import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import type { Hub } from '../fanout/hub.js';
import { Glob } from '../names/glob.js';
import type { Clock } from '../ports/clock.js';
import { inSlices } from '../time/in-slices.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const channelsQuestion = v.object({
  pattern: v.string(),
  /** Only names behind this one. */
  after: v.string(),
  limit: v.pipe(count, v.maxValue(1_000)),
});
type ChannelsQuestion = v.InferOutput<typeof channelsQuestion>;

/** Name, subscribers on the node, publications that have arrived there since it has subscribers. */
export const channelsAnswer = v.array(v.tuple([v.string(), count, count]));
type ChannelRow = v.InferOutput<typeof channelsAnswer>[number];

export const channelQuestion = v.object({ channel: v.string() });
export const channelAnswer = v.object({ numClients: count, numPublications: count, numSlow: v.optional(count, 0) });
export type ChannelFigures = v.InferOutput<typeof channelAnswer>;

export interface ChannelPorts {
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'channels' | 'channel'>;
}

/** The first names after one. @throws FanfareError `ERR_PATTERN` */
export async function channelsHere(
  { hub, clock }: ChannelPorts,
  { pattern, after, limit }: ChannelsQuestion,
): Promise<ChannelRow[]> {
  const glob = pattern === '' ? undefined : new Glob(pattern);
  let first: ChannelRow[] = [];
  for await (const some of inSlices(hub.channels(), clock)) {
    for (const { name, numSubscribers, numPublications } of some) {
      if (numSubscribers === 0 || name <= after || glob?.matches(name) === false) continue;
      first.push([name, numSubscribers, numPublications]);
    }
    // Not more is kept and sorted than a slice and a page.
    if (first.length > limit) first = inOrder(first).slice(0, limit);
  }
  return inOrder(first).slice(0, limit);
}

export function figuresHere({ hub }: Pick<ChannelPorts, 'hub'>, channel: string): ChannelFigures {
  const name: ChannelName | undefined = parseChannelName(channel);
  const found = name === undefined ? undefined : hub.channel(name);
  return {
    numClients: found?.numSubscribers ?? 0,
    numPublications: found?.numPublications ?? 0,
    numSlow: found?.numSlow ?? 0,
  };
}

/**
 * Rows of several nodes, each with its first `limit` names: the first `limit` of all. They are whole: what a node has
 * left out is behind them.
 */
export function merged(nodes: readonly (readonly ChannelRow[])[], limit: number): ChannelRow[] {
  const rows = new Map<string, ChannelRow>();
  for (const [name, numClients, numPublications] of nodes.flat()) {
    const [, clients, publications] = rows.get(name) ?? [name, 0, 0];
    // Each node with subscribers gets all publications.
    rows.set(name, [name, clients + numClients, Math.max(publications, numPublications)]);
  }
  return inOrder([...rows.values()]).slice(0, limit);
}

function inOrder(rows: ChannelRow[]): ChannelRow[] {
  return rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
