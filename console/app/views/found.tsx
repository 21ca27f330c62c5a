/** What there is of a user, or of a client id: its connections, and why it was refused something. */

/** @jsxImportSource preact */

import { call } from '../api.js';
import type { ConnectionResult, ConnectionsResult, EventsResult } from '../api-results.js';
import { ConnectionTable } from '../parts/connection-table.js';
import { EventList } from '../parts/event-list.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

const shown = 50;

async function find(what: string) {
  const [{ events }, { connections, cursor }, one] = await Promise.all([
    call<EventsResult>('events', { user: what, limit: shown }),
    call<ConnectionsResult>('connections', { user: what, limit: shown }),
    call<ConnectionResult>('connection', { client: what }),
  ]);
  return {
    events,
    connections,
    hasMore: cursor !== undefined,
    isClient: one.connection !== undefined || one.events.length > 0,
  };
}

export function Found({ what }: { readonly what: string }) {
  const { value, failure } = usePoll(what, () => find(what), 3_000);
  return (
    <Page title="User">
      <p class="subject">{what}</p>
      <Trouble text={failure} />
      {value?.isClient && (
        <p class="notice">
          This is the id of a client: <a href={linkTo('connections', what)}>its connection</a>
        </p>
      )}
      <Card title="Refusals and ends">
        <EventList
          events={value?.events ?? []}
          empty={value === undefined ? 'Asking the nodes …' : 'This user has been refused nothing lately.'}
        />
      </Card>
      <Card title="Connections" aside={value?.hasMore === true && <span>{`the first ${shown}`}</span>}>
        <ConnectionTable connections={value?.connections ?? []} empty="This user is not connected." />
      </Card>
    </Page>
  );
}
