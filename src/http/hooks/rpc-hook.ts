/** Passes calls of procedures on to a backend. */

import * as v from 'valibot';
import type { RpcFallback } from '../../engine/channels/rpc-options.js';
import type { Decision } from '../../engine/ports/decision.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';
import { base64Field, decodedValue } from './hook-answer.js';

const rpcResult = v.object({ data: v.optional(v.unknown()), b64data: base64Field });

/** @throws Error for what is no result of this hook */
function readRpc(value: unknown): Decision<{ readonly data: unknown }> {
  const { data, b64data } = v.parse(rpcResult, value);
  return { ok: true, data: b64data === undefined ? data : decodedValue(data, b64data) };
}

export function rpcHook(hook: Hook): RpcFallback {
  return (method, data, context) =>
    hook.call({
      body: {
        ...clientFields(context, hook.options.includeMeta),
        ...(method !== '' && { method }),
        ...(data !== undefined && { data }),
      },
      source: context,
      client: context.client,
      repeatable: false,
      readResult: readRpc,
    });
}
