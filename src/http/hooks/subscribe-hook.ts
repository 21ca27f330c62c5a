/** Asks a backend whether a client may subscribe, and with what. */

import * as v from 'valibot';
import type { Denial, SubscribeContext, SubscribeGrant } from '../../engine/channels/channel-options.js';
import { dataFields, expiryField, infoFields, overrideField, readGrant } from '../../engine/channels/grant.js';
import { jsonBehindOf } from '../../engine/channels/json-behind.js';
import type { Decision } from '../../engine/ports/decision.js';
import { defined } from '../../model/defined.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';

const subscribeResult = v.object({ ...infoFields, ...dataFields, ...expiryField, ...overrideField });

/** @throws Error for what is no result of this hook */
function readSubscribe(value: unknown): Decision<{ readonly grant: SubscribeGrant }> {
  return { ok: true, grant: readGrant(v.parse(subscribeResult, value)) };
}

/** Decides the subscribe permission of a channel rule. */
export function subscribeHook(hook: Hook): (context: SubscribeContext) => Promise<SubscribeGrant | Denial> {
  return async (context) => {
    const { channel, client, data, token } = context;
    const outcome = await hook.call({
      body: {
        ...clientFields(context, hook.options.includeMeta),
        channel,
        ...defined({ token, data: jsonBehindOf(context)?.data ?? data }),
      },
      source: context,
      client,
      repeatable: true,
      readResult: readSubscribe,
    });
    return outcome.ok ? outcome.grant : outcome;
  };
}
