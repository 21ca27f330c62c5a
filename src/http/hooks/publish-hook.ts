/** Asks a backend whether a client may publish this, or what is published instead. */

import * as v from 'valibot';
import type { Denial, PublishContext, PublishGrant } from '../../engine/channels/channel-options.js';
import { dataFields, jsonOf } from '../../engine/channels/grant.js';
import { jsonBehindOf } from '../../engine/channels/json-behind.js';
import { jsonTexts } from '../../engine/channels/json-object.js';
import type { Decision } from '../../engine/ports/decision.js';
import { toBase64 } from '../../model/base64.js';
import { defined } from '../../model/defined.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';

const publishResult = v.object({
  ...dataFields,
  skip_history: v.nullish(v.boolean(), false),
  tags: v.nullish(jsonTexts),
  idempotency_key: v.nullish(v.string(), ''),
});

/**
 * @param areBytes whether the channel has bytes, which `b64data` then is
 * @throws Error for what is no result of this hook
 */
function readPublish(value: unknown, areBytes: boolean): Decision<{ readonly grant: PublishGrant }> {
  const result = v.parse(publishResult, value);
  const data =
    areBytes && result.b64data
      ? new Uint8Array(Buffer.from(result.b64data, 'base64'))
      : jsonOf('data', result.data, result.b64data);
  const { tags, idempotency_key: idempotencyKey } = result;
  const grant = defined({
    data,
    tags: tags ?? undefined,
    skipHistory: result.skip_history || undefined,
    idempotencyKey: idempotencyKey || undefined,
  });
  return { ok: true, grant };
}

/** Decides the publish permission of a channel rule. */
export function publishHook(hook: Hook): (context: PublishContext<unknown>) => Promise<PublishGrant | Denial> {
  return async (context) => {
    const { channel, client, data, key, removed } = context;
    const areBytes = data instanceof Uint8Array;
    const message = areBytes ? { b64data: toBase64(data) } : { data: jsonBehindOf(context)?.data ?? data };
    const outcome = await hook.call({
      body: { ...clientFields(context, hook.options.includeMeta), channel, ...message, ...defined({ key, removed }) },
      source: context,
      client,
      repeatable: false,
      readResult: (result) => readPublish(result, areBytes),
    });
    return outcome.ok ? outcome.grant : outcome;
  };
}
