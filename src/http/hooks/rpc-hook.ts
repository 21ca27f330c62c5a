/** Forwards procedure calls to a backend. */

import * as v from 'valibot';
import { dataFields, jsonOf } from '../../engine/channels/grant.js';
import type { RpcFallback } from '../../engine/channels/rpc-options.js';
import type { Decision } from '../../engine/ports/decision.js';
import { defined } from '../../model/defined.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';

const rpcResult = v.object(dataFields);

/** @throws Error for what is no result of this hook */
function readRpc(value: unknown): Decision<{ readonly data: unknown }> {
  const { data, b64data } = v.parse(rpcResult, value);
  return { ok: true, data: b64data ? jsonOf('data', data, b64data) : data };
}

export function rpcHook(hook: Hook): RpcFallback {
  return (method, data, context) =>
    hook.call({
      body: { ...clientFields(context, hook.options.includeMeta), ...defined({ method: method || undefined, data }) },
      source: context,
      client: context.client,
      repeatable: false,
      readResult: readRpc,
    });
}
