/** `subscribe`: subscribes connections of a user to a channel, whatever its rule permits. */

import * as v from 'valibot';
import { dataFields, infoFields, overrideField } from '../../../engine/channels/grant.js';
import { grantFrom, position, selectorOf, target, unixTime } from '../fields.js';
import { apiMethod } from '../method.js';

const params = v.object({
  ...target,
  channel: v.string(),
  ...infoFields,
  ...dataFields,
  recover_since: v.nullish(position),
  expire_at: unixTime,
  ...overrideField,
});

export const subscribe = apiMethod('subscribe', 11, params, async (fields, { operations }) => {
  const { channel, recover_since: recoverSince } = fields;
  await operations.subscribe(selectorOf(fields), channel, {
    ...grantFrom(fields),
    ...(recoverSince && { recoverSince }),
  });
});
