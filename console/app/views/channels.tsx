/** The channels with subscribers on any node, in pages by name. */

/** @jsxImportSource preact */

import { useRef, useState } from 'preact/hooks';
import { call } from '../api.js';
import type { ChannelRow, ChannelsResult } from '../api-results.js';
import { count, perSec } from '../format.js';
import { usePages } from '../pages.js';
import { Filters } from '../parts/filters.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { Pager } from '../parts/pager.js';
import { type Column, Table } from '../parts/table.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

const fields = [{ name: 'pattern', label: 'Name, with * for anything' }] as const;
const everyMs = 4_000;

export function Channels() {
  const [filter, setFilter] = useState<{ readonly pattern?: string }>({});
  const list = filter.pattern ?? '';
  const pages = usePages(list);
  const { cursor } = pages;
  const load = async () => {
    const result = await call<ChannelsResult>('channels_page', { ...filter, cursor, limit: 50 });
    return { ...result, atMs: Date.now() };
  };
  const { value, failure } = usePoll(`${list} ${cursor}`, load, everyMs);
  const rates = useRates(value);
  const columns: readonly Column<ChannelRow>[] = [
    { title: 'Channel', isWide: true, cell: ({ channel }) => <a href={linkTo('channels', channel)}>{channel}</a> },
    { title: 'Rule', cell: ({ rule }) => (rule === undefined ? 'none any more' : <code>{rule}</code>) },
    { title: 'Subscribers', isNumber: true, cell: ({ num_clients }) => count(num_clients) },
    { title: 'Publications', isNumber: true, cell: ({ num_publications }) => count(num_publications) },
    {
      title: 'Per second',
      isNumber: true,
      cell: ({ channel }) => {
        const rate = rates.get(channel);
        return rate === undefined ? '–' : perSec(rate);
      },
    },
  ];
  return (
    <Page title="Channels">
      <Filters label="Which channels" fields={fields} values={filter} onChange={setFilter} />
      <Trouble text={failure} />
      <Card title="With subscribers">
        <Table
          caption="Channels"
          columns={columns}
          rows={value?.channels ?? []}
          keyOf={({ channel }) => channel}
          empty={value === undefined ? 'Asking the nodes …' : 'No channel with subscribers fits.'}
        />
        <Pager pages={pages} cursor={value?.cursor} />
      </Card>
    </Page>
  );
}

type Told = Pick<ChannelsResult, 'channels'> & { readonly atMs: number };

/** Publications a second of each channel, between the last two answers that have it. */
function useRates(value: Told | undefined): ReadonlyMap<string, number> {
  const last = useRef<Told>(undefined);
  const rates = useRef<ReadonlyMap<string, number>>(new Map());
  const before = last.current;
  if (value !== undefined && value !== before) {
    const seconds = before === undefined ? 0 : (value.atMs - before.atMs) / 1_000;
    const known = new Map(before?.channels.map(({ channel, num_publications }) => [channel, num_publications]));
    rates.current = new Map(
      value.channels.flatMap(({ channel, num_publications: many }) => {
        const earlier = known.get(channel);
        return earlier === undefined || seconds <= 0 ? [] : [[channel, Math.max(0, many - earlier) / seconds]];
      }),
    );
    last.current = value;
  }
  return rates.current;
}
