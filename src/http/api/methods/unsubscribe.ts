/** `unsubscribe`: ends subscriptions of a user to a channel. */

import * as v from 'valibot';
import { selectorOf, target } from '../fields.js';
import { apiMethod } from '../method.js';

export const unsubscribe = apiMethod(
  'unsubscribe',
  2,
  v.object({ ...target, channel: v.string() }),
  (fields, { operations }) => operations.unsubscribe(selectorOf(fields), fields.channel),
);
