/** The nodes and workers of the fleet, with what each has counted. */

/** @jsxImportSource preact */

import type { NodeFields } from '../api-results.js';
import { nodes, silence } from '../fleet.js';
import { bytes, count, duration, milliseconds } from '../format.js';
import { Card, Page, Trouble } from '../parts/page.js';
import { type Column, Table } from '../parts/table.js';

const columns: readonly Column<NodeFields>[] = [
  { title: 'Node', isWide: true, cell: ({ uid }) => <span class="id">{uid}</span> },
  { title: 'Process', cell: ({ process }) => (process === undefined ? '–' : `${process.host}, ${process.pid}`) },
  { title: 'State', cell: (node) => <State node={node} /> },
  { title: 'Clients', isNumber: true, cell: ({ num_clients }) => count(num_clients) },
  { title: 'Channels', isNumber: true, cell: ({ num_channels }) => count(num_channels) },
  { title: 'Queues', isNumber: true, cell: ({ queue_bytes }) => bytes(queue_bytes) },
  {
    title: 'Loop lag',
    isNumber: true,
    cell: ({ process }) => (process === undefined ? '–' : milliseconds(process.lag_ms)),
  },
  { title: 'Memory', isNumber: true, cell: ({ process }) => (process === undefined ? '–' : bytes(process.rss_bytes)) },
  { title: 'Up for', isNumber: true, cell: ({ uptime }) => duration(uptime) },
  { title: 'Version', cell: ({ version }) => version },
];

const traffic: readonly Column<NodeFields>[] = [
  { title: 'Node', isWide: true, cell: ({ uid }) => <span class="id">{uid}</span> },
  { title: 'Commands', isNumber: true, cell: ({ commands }) => count(commands) },
  { title: 'Published', isNumber: true, cell: ({ publications_in }) => count(publications_in) },
  { title: 'Delivered', isNumber: true, cell: ({ publications_out }) => count(publications_out) },
  { title: 'Received', isNumber: true, cell: ({ received_bytes }) => bytes(received_bytes) },
  { title: 'Sent', isNumber: true, cell: ({ sent_bytes }) => bytes(sent_bytes) },
  { title: 'Errors', isWide: true, cell: ({ errors }) => <Codes counts={errors} /> },
  { title: 'Ended connections', isWide: true, cell: ({ disconnects }) => <Codes counts={disconnects} /> },
];

export function Nodes() {
  const all = nodes.value ?? [];
  return (
    <Page title="Nodes and workers">
      <Trouble text={silence.value} />
      <Card title="State">
        <Table
          caption="Nodes"
          columns={columns}
          rows={all}
          keyOf={({ uid }) => uid}
          empty="No node has answered yet."
        />
      </Card>
      <Card title="Since the start of each">
        <Table
          caption="Traffic"
          columns={traffic}
          rows={all}
          keyOf={({ uid }) => uid}
          empty="No node has answered yet."
        />
      </Card>
    </Page>
  );
}

function State({ node }: { readonly node: NodeFields }) {
  if (node.draining) return <span class="mark warn">leaving</span>;
  if (!node.broker_delivering) return <span class="mark error">{node.broker} delivers nothing</span>;
  if (!node.broker_keeping) return <span class="mark error">{node.broker} keeps nothing</span>;
  return <span class="mark well">well, {node.broker}</span>;
}

function Codes({ counts }: { readonly counts: Readonly<Record<string, number>> }) {
  const entries = Object.entries(counts);
  if (entries.length === 0) return <>none</>;
  return (
    <>
      {entries.map(([code, many]) => (
        <span key={code} class="code">
          {code} <b>{count(many)}</b>
        </span>
      ))}
    </>
  );
}
