/** Connections in a table. */

/** @jsxImportSource preact */

import type { ConnectionFields } from '../api-results.js';
import { bytes, count, duration, userName } from '../format.js';
import { linkTo } from '../route.js';
import { type Column, Table } from './table.js';

const columns: readonly Column<ConnectionFields>[] = [
  { title: 'User', isWide: true, cell: ({ user }) => <User user={user} /> },
  {
    title: 'Client',
    cell: ({ client }) => (
      <a class="id" href={linkTo('connections', client)}>
        {client}
      </a>
    ),
  },
  { title: 'Transport', cell: ({ transport }) => transport },
  { title: 'Channels', isNumber: true, cell: ({ num_subs }) => count(num_subs) },
  { title: 'Queue', isNumber: true, cell: ({ queue_bytes }) => bytes(queue_bytes) },
  {
    title: 'Connected for',
    isNumber: true,
    cell: ({ connected_at }) => duration(Date.now() / 1_000 - connected_at),
  },
];

interface ConnectionTableProps {
  readonly connections: readonly ConnectionFields[];
  readonly empty: string;
}

export function ConnectionTable({ connections, empty }: ConnectionTableProps) {
  return (
    <Table caption="Connections" columns={columns} rows={connections} keyOf={({ client }) => client} empty={empty} />
  );
}

function User({ user }: { readonly user: string }) {
  return user === '' ? <span>{userName(user)}</span> : <a href={linkTo('find', user)}>{user}</a>;
}
