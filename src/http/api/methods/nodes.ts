/** `nodes`: the figures of every node. */

import * as v from 'valibot';
import type { NodeReport } from '../../../engine/inspection/node-report.js';
import { apiMethod } from '../method.js';

export const nodes = apiMethod('nodes', undefined, v.object({}), async (_, { inspection }) => {
  return JSON.stringify({ nodes: (await inspection.nodes()).map(fieldsOf) });
});

function fieldsOf(node: NodeReport) {
  return {
    uid: node.id,
    version: node.version,
    uptime: node.uptimeSec,
    num_clients: node.numClients,
    num_users: node.numUsers,
    num_subs: node.numSubscriptions,
    num_channels: node.numChannels,
    connections: node.connections,
    queue_bytes: node.queuedBytes,
    draining: node.isDraining,
    broker: node.broker,
    broker_delivering: node.isDelivering,
    broker_keeping: node.isKeeping,
    commands: node.commands,
    publications_in: node.publicationsIn,
    publications_out: node.publicationsOut,
    received_bytes: node.receivedBytes,
    sent_bytes: node.sentBytes,
    recoveries: node.recoveries,
    recoveries_failed: node.recoveriesFailed,
    errors: Object.fromEntries(node.errors),
    disconnects: Object.fromEntries(node.disconnects),
    ...(node.process && {
      process: {
        pid: node.process.pid,
        host: node.process.host,
        lag_ms: node.process.lagMs,
        rss_bytes: node.process.rssBytes,
      },
    }),
  };
}
