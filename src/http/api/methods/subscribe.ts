/** `subscribe`: subscribes connections of a user to a channel, without asking its rule. */

import * as v from 'valibot';
import {
  anyJson,
  attachment,
  base64,
  override,
  overrideFrom,
  position,
  selectorOf,
  target,
  timeFrom,
  unixTime,
} from '../fields.js';
import { apiMethod, empty } from '../method.js';

const params = v.object({
  ...target,
  channel: v.string(),
  info: anyJson,
  b64info: base64,
  data: anyJson,
  b64data: base64,
  recover_since: v.nullish(position),
  expire_at: unixTime,
  override,
});

export const subscribe = apiMethod('subscribe', params, async (fields, { operations }) => {
  const { channel, recover_since: recoverSince } = fields;
  await operations.subscribe(selectorOf(fields), channel, {
    ...attachment('info', fields.info, fields.b64info),
    ...attachment('data', fields.data, fields.b64data),
    ...timeFrom('expiresAtMs', fields.expire_at),
    ...overrideFrom(fields.override),
    ...(recoverSince && { recoverSince }),
  });
  return empty;
});
