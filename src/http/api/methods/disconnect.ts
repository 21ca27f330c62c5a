/** `disconnect`: closes connections of a user. */

import * as v from 'valibot';
import { jsonObject } from '../../../engine/channels/json-object.js';
import { integer, selectorOf, target, text } from '../fields.js';
import { apiMethod } from '../method.js';

/** RFC 6455 section 5.5.1: a control frame has 125 bytes, two of them for the code. */
const maxReasonBytes = 123;
const firstCode = 3_000;
const lastCode = 4_999;

/** Limited to what a close frame can carry. The code has no default, since it decides whether the client reconnects. */
const why = jsonObject({
  code: v.pipe(
    integer,
    v.check((code) => code === 0 || (code >= firstCode && code <= lastCode)),
  ),
  reason: v.pipe(text, v.maxBytes(maxReasonBytes)),
});

const params = v.object({ ...target, whitelist: v.nullish(v.array(v.string()), []), disconnect: v.nullish(why) });

export const disconnect = apiMethod('disconnect', 3, params, async (fields, { operations }) => {
  const { whitelist, disconnect: given } = fields;
  await operations.disconnect(selectorOf(fields), given?.code ? given : undefined, whitelist);
});
