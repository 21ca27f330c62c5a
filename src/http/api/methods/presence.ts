/** `presence` and `presence_stats`: who is in a channel, and how many. */

import * as v from 'valibot';
import { clientInfoText } from '../../../protocols/centrifugal/json-encode.js';
import { apiMethod } from '../method.js';

const params = v.object({ channel: v.string() });

export const presence = apiMethod('presence', 4, params, async ({ channel }, { operations }) => {
  const clients = await operations.presence(channel);
  const entries = clients.map((info) => `${JSON.stringify(info.client)}:${clientInfoText(info)}`);
  return `{"presence":{${entries.join(',')}}}`;
});

export const presenceStats = apiMethod('presence_stats', 5, params, async ({ channel }, { operations }) => {
  const { numClients, numUsers } = await operations.presenceStats(channel);
  return JSON.stringify({ num_clients: numClients, num_users: numUsers });
});
