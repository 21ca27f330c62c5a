/** One connection's story: who it is, what it is subscribed to, what went wrong, and why it has ended. */

/** @jsxImportSource preact */

import { call } from '../api.js';
import type { ConnectionDetails, ConnectionResult, EventFields, SubscriptionFields } from '../api-results.js';
import { bytes, duration, jsonLine, time, userName } from '../format.js';
import { Confirmed } from '../parts/confirmed.js';
import { EventList } from '../parts/event-list.js';
import { Card, Fact, Facts, Page, Trouble } from '../parts/page.js';
import { type Column, Table } from '../parts/table.js';
import { usePoll } from '../poll.js';
import { linkTo } from '../route.js';

export function ConnectionView({ client }: { readonly client: string }) {
  const { value, failure, again } = usePoll(client, () => call<ConnectionResult>('connection', { client }), 3_000);
  const connection = value?.connection;
  const disconnect = async () => {
    await call('disconnect', { user: connection?.user ?? '', client });
    again();
  };
  return (
    <Page
      title="Connection"
      aside={
        connection && (
          <Confirmed
            label="Disconnect"
            question={`End the connection of ${userName(connection.user)}? Its client does not connect again by itself.`}
            run={disconnect}
          />
        )
      }
    >
      <p class="subject id">{client}</p>
      <Trouble text={failure} />
      {value !== undefined && connection === undefined && <Ended events={value.events} />}
      {connection && <Details connection={connection} />}
      {connection && <Subscriptions connection={connection} again={again} />}
      {value && (
        <Card title="What happened">
          <EventList events={value.events} hidesWho empty="It has been refused nothing." />
        </Card>
      )}
    </Page>
  );
}

function Ended({ events }: { readonly events: readonly EventFields[] }) {
  const end = events.find(({ kind }) => kind === 'end');
  return (
    <p class="notice">
      {end === undefined
        ? 'No node knows this connection: it has ended a while ago, or has never been let in.'
        : `It has ended at ${time(end.time)} with ${String(end.fields.code)}: ${end.message}.`}
    </p>
  );
}

function Details({ connection }: { readonly connection: ConnectionDetails }) {
  const { user, transport, protocol, node, connected_at, expire_at, queue_bytes, address, user_agent, info } =
    connection;
  return (
    <Card title="Who it is">
      <Facts>
        <Fact name="User">{user === '' ? userName(user) : <a href={linkTo('find', user)}>{user}</a>}</Fact>
        <Fact name="Transport">{`${transport}, ${protocol}`}</Fact>
        <Fact name="Connected">{`${time(connected_at)}, for ${duration(Date.now() / 1_000 - connected_at)}`}</Fact>
        <Fact name="Expires">{expire_at === undefined ? 'never' : time(expire_at)}</Fact>
        <Fact name="Queue">{bytes(queue_bytes)}</Fact>
        <Fact name="Address">{address ?? 'not kept'}</Fact>
        {user_agent !== undefined && <Fact name="Program">{user_agent}</Fact>}
        {info.conn_info !== undefined && (
          <Fact name="Shown to others">
            <code>{jsonLine(info.conn_info)}</code>
          </Fact>
        )}
        <Fact name="Node">
          <span class="id">{node}</span>
        </Fact>
      </Facts>
    </Card>
  );
}

interface SubscriptionsProps {
  readonly connection: ConnectionDetails;
  again(): void;
}

function Subscriptions({ connection: { user, client, subscriptions }, again }: SubscriptionsProps) {
  const end = async (channel: string) => {
    await call('unsubscribe', { user, client, channel });
    again();
  };
  const columns: readonly Column<SubscriptionFields>[] = [
    { title: 'Channel', isWide: true, cell: ({ channel }) => <a href={linkTo('channels', channel)}>{channel}</a> },
    { title: 'Rule', cell: ({ rule }) => <code>{rule}</code> },
    { title: 'Made by', cell: ({ server_side }) => (server_side ? 'server' : 'client') },
    { title: 'State', cell: ({ established }) => (established ? 'live' : 'joining') },
    { title: 'Recovery', cell: ({ recovery }) => recovery },
    { title: 'Expires', cell: ({ expire_at }) => (expire_at === undefined ? 'never' : time(expire_at)) },
    {
      title: 'Action',
      cell: ({ channel }) => (
        <Confirmed label="Unsubscribe" question={`End its subscription to ${channel}?`} run={() => end(channel)} />
      ),
    },
  ];
  return (
    <Card title={`Subscriptions (${subscriptions.length})`}>
      <Table
        caption="Subscriptions"
        columns={columns}
        rows={subscriptions}
        keyOf={({ channel }) => channel}
        empty="It is in no channel."
      />
    </Card>
  );
}
