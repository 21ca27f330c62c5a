/** `info`: the state of the nodes. */

import * as v from 'valibot';
import { apiMethod } from '../method.js';

export const info = apiMethod('info', 9, v.object({}), async (_, { operations }) => {
  const nodes = (await operations.info()).map((node) => ({
    uid: node.id,
    name: node.id,
    version: node.version,
    num_clients: node.numClients,
    num_users: node.numUsers,
    num_subs: node.numSubscriptions,
    num_channels: node.numChannels,
    uptime: node.uptimeSec,
  }));
  return JSON.stringify({ nodes });
});
