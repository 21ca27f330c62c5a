/** Asks a backend whether a client may subscribe, and with what. */

import * as v from 'valibot';
import { overrideFields, overrideOf } from '../../engine/auth/claims.js';
import type { Denial, SubscribeContext, SubscribeGrant } from '../../engine/channels/channel-options.js';
import { jsonBehindOf } from '../../engine/channels/json-behind.js';
import type { Decision } from '../../engine/ports/decision.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';
import { base64Field, decodedValue, expiryField } from './hook-answer.js';

const subscribeResult = v.object({
  info: v.optional(v.unknown()),
  b64info: base64Field,
  data: v.optional(v.unknown()),
  b64data: base64Field,
  expire_at: expiryField,
  override: v.nullish(overrideFields),
});

/** @throws Error for what is no result of this hook */
function readSubscribe(value: unknown): Decision<{ readonly grant: SubscribeGrant }> {
  const result = v.parse(subscribeResult, value);
  const info = decodedValue(result.info, result.b64info);
  const data = decodedValue(result.data, result.b64data);
  const { expire_at: expiresAtMs } = result;
  const grant = {
    ...(info !== undefined && { info }),
    ...(data !== undefined && { data }),
    ...(expiresAtMs !== undefined && { expiresAt: expiresAtMs / 1_000 }),
    ...overrideOf(result.override),
  };
  return { ok: true, grant };
}

/** Decides the subscribe permission of a channel rule. */
export function subscribeHook(hook: Hook): (context: SubscribeContext) => Promise<SubscribeGrant | Denial> {
  return async (context) => {
    const { channel, client, data, token } = context;
    const outcome = await hook.call({
      body: {
        ...clientFields(context, hook.options.includeMeta),
        channel,
        ...(token !== undefined && { token }),
        ...(data !== undefined && { data: jsonBehindOf(context)?.data ?? data }),
      },
      source: context,
      client,
      repeatable: true,
      readResult: readSubscribe,
    });
    return outcome.ok ? outcome.grant : outcome;
  };
}
