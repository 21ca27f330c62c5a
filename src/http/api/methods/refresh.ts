/** `refresh`: sets when connections of a user end, or ends them as expired. */

import * as v from 'valibot';
import { anyJson, flag, grantFrom, selectorOf, target, unixTime } from '../fields.js';
import { apiMethod } from '../method.js';

export const refresh = apiMethod(
  'refresh',
  12,
  v.object({ ...target, expired: flag, expire_at: unixTime, info: anyJson }),
  (fields, { operations }) =>
    operations.refresh(selectorOf(fields), {
      expired: fields.expired,
      ...grantFrom(fields),
    }),
);
