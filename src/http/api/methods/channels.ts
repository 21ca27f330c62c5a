/** `channels`: those with subscribers. */

import * as v from 'valibot';
import { text } from '../fields.js';
import { apiMethod } from '../method.js';

export const channels = apiMethod('channels', 8, v.object({ pattern: text }), async ({ pattern }, { operations }) => {
  const found = (await operations.channels(pattern)).map(({ name, numClients }) => [name, { num_clients: numClients }]);
  // fromEntries and not assignment: a channel may be called __proto__.
  return JSON.stringify({ channels: Object.fromEntries(found) });
});
