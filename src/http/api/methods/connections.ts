/** `connections` and `connection`: the connected clients of all nodes in pages, and one of them. */

import * as v from 'valibot';
import type { ConnectionDetails, ConnectionSummary } from '../../../engine/inspection/connections.js';
import { clientInfoText } from '../../../protocols/centrifugal/json-encode.js';
import { cursorField, cursorText, placeOf } from '../cursor.js';
import { pageSize, text } from '../fields.js';
import { apiMethod } from '../method.js';
import { eventFields } from './events.js';

const place = v.object({ node: v.string(), after: v.pipe(v.number(), v.integer(), v.minValue(0)) });
/** Of the story of a connection. */
const maxEvents = 100;

export const connections = apiMethod(
  'connections',
  undefined,
  v.object({ user: text, channel: text, transport: text, limit: pageSize, cursor: cursorField }),
  async ({ user, channel, transport, limit, cursor }, { inspection }) => {
    const filter = { ...(user && { user }), ...(channel && { channel }), ...(transport && { transport }) };
    const page = await inspection.connections(filter, limit, placeOf(place, cursor));
    return JSON.stringify({
      connections: page.connections.map((one) => summaryFields(one)),
      ...(page.next && { cursor: cursorText(page.next) }),
    });
  },
);

/** What is known of it, also when it has ended a while ago. */
export const connection = apiMethod(
  'connection',
  undefined,
  v.object({ client: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)) }),
  async ({ client }, { inspection }) => {
    const [found, { events }] = await Promise.all([
      inspection.connection(client),
      inspection.events({ client }, maxEvents),
    ]);
    const list = JSON.stringify(events.map(eventFields));
    return found === undefined ? `{"events":${list}}` : `{"connection":${detailsText(found)},"events":${list}}`;
  },
);

function summaryFields(connection: ConnectionSummary & { readonly node: string }) {
  return {
    client: connection.client,
    user: connection.user,
    transport: connection.transport,
    node: connection.node,
    connected_at: connection.connectedAtMs / 1_000,
    num_subs: connection.numSubscriptions,
    queue_bytes: connection.queuedBytes,
  };
}

function detailsText(details: ConnectionDetails & { readonly node: string }): string {
  const { expiresAtMs, address, userAgent, protocol } = details;
  const fields = {
    ...summaryFields(details),
    protocol,
    ...(expiresAtMs !== undefined && { expire_at: expiresAtMs / 1_000 }),
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    subscriptions: details.subscriptions.map((one) => ({
      channel: one.channel,
      rule: one.rule,
      server_side: one.serverSide,
      established: one.isEstablished,
      recovery: one.recovery,
      ...(one.expiresAtMs !== undefined && { expire_at: one.expiresAtMs / 1_000 }),
    })),
  };
  // What authentication attached is JSON text, and is embedded unchanged.
  return `${JSON.stringify(fields).slice(0, -1)},"info":${clientInfoText(details.info)}}`;
}
