/** The connected clients of all nodes, in pages. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type { ConnectionsResult } from '../api-results.js';
import { usePages } from '../pages.js';
import { ConnectionTable } from '../parts/connection-table.js';
import { Filters } from '../parts/filters.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { Pager } from '../parts/pager.js';
import { usePoll } from '../poll.js';

/** As the metrics name them. */
const transports = [
  'websocket',
  'http_stream',
  'sse',
  'long_polling',
  'one_way_websocket',
  'one_way_stream',
  'one_way_sse',
] as const;

const fields = [
  { name: 'user', label: 'User' },
  { name: 'channel', label: 'Subscribed to' },
  { name: 'transport', label: 'Transport', choices: transports },
] as const;
type Filter = Readonly<Partial<Record<(typeof fields)[number]['name'], string>>>;

export function Connections() {
  const [filter, setFilter] = useState<Filter>({});
  const list = JSON.stringify(filter);
  const pages = usePages(list);
  const { cursor } = pages;
  const load = () => call<ConnectionsResult>('connections', { ...filter, cursor, limit: 50 });
  const { value, failure } = usePoll(`${list} ${cursor}`, load, 5_000);
  return (
    <Page title="Connections">
      <Filters label="Which connections" fields={fields} values={filter} onChange={setFilter} />
      <Trouble text={failure} />
      <Card title="Connected clients">
        <ConnectionTable
          connections={value?.connections ?? []}
          empty={value === undefined ? 'Asking the nodes …' : 'No client is connected that fits.'}
        />
        <Pager pages={pages} cursor={value?.cursor} />
      </Card>
    </Page>
  );
}
