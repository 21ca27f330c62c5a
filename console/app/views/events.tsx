/** Recent refusals and ended connections of all nodes, narrowed by whom they are about. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { call } from '../api.js';
import type { EventsResult } from '../api-results.js';
import { EventList } from '../parts/event-list.js';
import { Filters } from '../parts/filters.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { usePoll } from '../poll.js';

const fields = [
  { name: 'user', label: 'User' },
  { name: 'client', label: 'Client id' },
  { name: 'channel', label: 'Channel' },
  { name: 'check', label: 'Check' },
  { name: 'kind', label: 'Kind', choices: ['refusal', 'end'] },
] as const;
type Filter = Readonly<Partial<Record<(typeof fields)[number]['name'], string>>>;
const shown = 100;

export function Events() {
  const [filter, setFilter] = useState<Filter>({ kind: 'refusal' });
  const load = () => call<EventsResult>('events', { ...filter, limit: shown });
  const { value, failure } = usePoll(JSON.stringify(filter), load, 3_000);
  return (
    <Page title="Refusals and ends">
      <Filters label="Which events" fields={fields} values={filter} onChange={setFilter} />
      <Trouble text={failure} />
      <Card title="The newest first" aside={value?.cut === true && <span>{`only the newest ${shown}`}</span>}>
        <EventList
          events={value?.events ?? []}
          empty={value === undefined ? 'Asking the nodes …' : 'Nothing of the kind has happened lately.'}
        />
      </Card>
    </Page>
  );
}
