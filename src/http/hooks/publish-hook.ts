/** Asks a backend whether a client may publish this, or what is published instead. */

import * as v from 'valibot';
import type { Denial, PublishContext, PublishGrant } from '../../engine/channels/channel-options.js';
import { dataFields, jsonOf } from '../../engine/channels/grant.js';
import { jsonBehindOf } from '../../engine/channels/json-behind.js';
import type { Decision } from '../../engine/ports/decision.js';
import { defined } from '../../model/defined.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';

const publishResult = v.object({
  ...dataFields,
  skip_history: v.nullish(v.boolean(), false),
  tags: v.nullish(v.record(v.string(), v.string())),
  idempotency_key: v.nullish(v.string(), ''),
});

/** @throws Error for what is no result of this hook */
function readPublish(value: unknown): Decision<{ readonly grant: PublishGrant }> {
  const result = v.parse(publishResult, value);
  const data = jsonOf('data', result.data, result.b64data);
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
    const { channel, client, data } = context;
    const outcome = await hook.call({
      body: { ...clientFields(context, hook.options.includeMeta), channel, data: jsonBehindOf(context)?.data ?? data },
      source: context,
      client,
      repeatable: false,
      readResult: readPublish,
    });
    return outcome.ok ? outcome.grant : outcome;
  };
}
