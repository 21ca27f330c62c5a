/** `unsubscribe`: ends subscriptions of a user to a channel. */

import * as v from 'valibot';
import { selectorOf, target } from '../fields.js';
import { apiMethod, empty } from '../method.js';

export const unsubscribe = apiMethod(
  'unsubscribe',
  v.object({ ...target, channel: v.string() }),
  async (fields, { operations }) => {
    await operations.unsubscribe(selectorOf(fields), fields.channel);
    return empty;
  },
);
