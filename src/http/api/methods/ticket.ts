/** `ticket`: lets one client of a user in, once, without a token: for what can only be put into a URL. */

import * as v from 'valibot';
import { anyJson, grantFrom, unixTime } from '../fields.js';
import { apiMethod } from '../method.js';

/** A ticket is in logs and histories like every URL: it must be worth nothing soon. */
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
