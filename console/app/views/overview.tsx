/** The overview: how many, how fast, and what went wrong last. */

/** @jsxImportSource preact */

import { call } from '../api.js';
import type { EventsResult } from '../api-results.js';
import { nodes, samples, silence } from '../fleet.js';
import { bytes, count, milliseconds, perSec } from '../format.js';
import { Chart, type Line } from '../parts/chart.js';
import { EventList } from '../parts/event-list.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';
import { errorsOf } from '../samples.js';

const shownEvents = 6;
const powersOfTwo = Array.from({ length: 48 }, (_, power) => 2 ** power);

const connections: readonly Line[] = [{ label: 'connections', color: '--line-1', read: (one) => one.connections }];
const messages: readonly Line[] = [
  { label: 'deliveries', color: '--line-1', read: (one) => one.deliveriesPerSec },
  { label: 'publications', color: '--line-2', read: (one) => one.publicationsPerSec },
];
const queues: readonly Line[] = [{ label: 'queues', color: '--line-1', read: (one) => one.queueBytes }];
const lag: readonly Line[] = [{ label: 'lag', color: '--line-1', read: (one) => one.lagMs }];
const errors: readonly Line[] = [{ label: 'errors', color: '--line-3', read: (one) => one.errorsPerSec }];
const recoveries: readonly Line[] = [
  { label: 'complete', color: '--line-1', read: (one) => one.recoveriesPerSec },
  { label: 'not possible', color: '--line-3', read: (one) => one.recoveriesFailedPerSec },
];

export function Overview() {
  const latest = usePoll('latest', () => call<EventsResult>('events', { kind: 'refusal', limit: shownEvents }), 4_000);
  const all = nodes.value ?? [];
  const total = (read: (node: (typeof all)[number]) => number) => all.reduce((sum, node) => sum + read(node), 0);
  const shown = samples.value;
  const codes = errorsOf(shown);
  return (
    <Page title="Overview">
      <Trouble text={silence.value} />
      <dl class="tiles">
        <Tile name="Clients" value={count(total(({ num_clients }) => num_clients))} link={linkTo('connections')} />
        <Tile name="Subscriptions" value={count(total(({ num_subs }) => num_subs))} link={linkTo('channels')} />
        <Tile name="Nodes" value={count(all.length)} link={linkTo('nodes')} />
        <Tile name="Queues" value={bytes(total(({ queue_bytes }) => queue_bytes))} />
      </dl>
      <div class="charts">
        <Chart title="Connections" least={10} lines={connections} samples={shown} format={count} />
        <Chart title="Messages per second" least={10} lines={messages} samples={shown} format={perSec} />
        <Chart
          title="Bytes in queues"
          least={4_096}
          steps={powersOfTwo}
          lines={queues}
          samples={shown}
          format={bytes}
        />
        <Chart title="Event loop lag" least={10} lines={lag} samples={shown} format={milliseconds} />
        <Chart title="Errors per second" least={2} lines={errors} samples={shown} format={perSec} />
        <Chart title="Recoveries per second" least={2} lines={recoveries} samples={shown} format={perSec} />
      </div>
      {codes.length > 0 && (
        <p class="codes">
          Errors of the last minutes by code:{' '}
          {codes.map(([code, many]) => (
            <span key={code} class="code">
              {code} <b>{count(many)}</b>
            </span>
          ))}
        </p>
      )}
      <Card title="Latest refusals" aside={<a href={linkTo('events')}>All refusals</a>}>
        <Trouble text={latest.failure} />
        <EventList events={latest.value?.events ?? []} empty="Nobody has been refused anything." />
      </Card>
    </Page>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly link?: string;
}

function Tile({ name, value, link }: TileProps) {
  return (
    <div class="tile">
      <dt>{link === undefined ? name : <a href={link}>{name}</a>}</dt>
      <dd>{value}</dd>
    </div>
  );
}
