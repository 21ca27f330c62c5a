/** Asks a backend whether an expired subscription may continue. */

import * as v from 'valibot';
import type { Denial, PermissionContext, SubscribeGrant } from '../../engine/channels/channel-options.js';
import { expiryField, infoFields, readGrant } from '../../engine/channels/grant.js';
import { type Decision, refuse } from '../../engine/ports/decision.js';
import { errorCodes } from '../../model/codes.js';
import { clientFields } from './client-fields.js';
import type { Hook } from './hook.js';
import type { RefreshGrace } from './refresh-grace.js';

const subRefreshResult = v.object({ expired: v.nullish(v.boolean(), false), ...expiryField, ...infoFields });

/** @throws Error for what is no result of this hook */
function readSubRefresh(value: unknown): Decision<{ readonly grant: SubscribeGrant }> {
  const { expired, ...fields } = v.parse(subRefreshResult, value);
  return expired ? refuse(errorCodes.expired) : { ok: true, grant: readGrant(fields) };
}

/** Renews the subscriptions of a channel rule. */
export function subRefreshHook(
  hook: Hook,
  grace: RefreshGrace,
): (context: PermissionContext) => Promise<SubscribeGrant | Denial | false> {
  return async (context) => {
    const { channel, client, headers } = context;
    const outcome = await hook.call({
      body: { ...clientFields(context, hook.options.includeMeta), channel },
      source: context,
      client,
      repeatable: true,
      readResult: readSubRefresh,
    });
    if ('failure' in outcome) {
      const untilMs = grace.extend(headers, channel);
      return untilMs !== undefined && { expiresAt: untilMs / 1_000 };
    }
    grace.end(headers, channel);
    return outcome.ok ? outcome.grant : outcome;
  };
}
