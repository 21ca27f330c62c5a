/** `ticket`: permits one connection of a user without a token, for clients that can only send a URL. */

import * as v from 'valibot';
import { anyJson, grantFrom, unixTime } from '../fields.js';
import { apiMethod } from '../method.js';

/** A ticket, like every URL, is in logs and histories, so it has to expire soon. */
const maxTtlSec = 600;

export const ticket = apiMethod(
  'ticket',
  undefined,
  v.object({
    user: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
    ttl: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxTtlSec)), 0),
    expire_at: unixTime,
    info: anyJson,
  }),
  ({ user, ttl, ...fields }, { operations }) => {
    const issued = operations.issueTicket(user, {
      ...(ttl > 0 && { ttlMs: ttl * 1_000 }),
      ...grantFrom(fields),
    });
    return JSON.stringify({ ticket: issued });
  },
);
