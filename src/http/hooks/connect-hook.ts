/** Asks a backend who a client is when it connects, and whether it may stay when it expires. */

import * as v from 'valibot';
import {
  dataFields,
  expiryField,
  type GrantFields,
  grantOf,
  infoFields,
  isNothing,
  readGrant,
  subscriptionFields,
  subscriptionsOf,
} from '../../engine/channels/grant.js';
import { parseCapabilities } from '../../engine/names/capabilities.js';
import type { Authenticator, ConnectAttempt, Identity, Recognised } from '../../engine/ports/authenticator.js';
import type { Decision, Denied } from '../../engine/ports/decision.js';
import { disconnectCodes } from '../../model/codes.js';
import { defined } from '../../model/defined.js';
import { JsonSource } from '../../model/json-source.js';
import { payloadJson } from '../../model/payload.js';
import { clientFields, strangerFields } from './client-fields.js';
import type { Hook } from './hook.js';
import type { StandIns } from './hook-headers.js';
import type { RefreshGrace } from './refresh-grace.js';

const connectResult = v.object({
  user: v.pipe(v.string(), v.maxLength(256)),
  ...expiryField,
  ...infoFields,
  ...dataFields,
  meta: v.optional(v.unknown()),
  channels: v.nullish(v.array(v.string()), []),
  subs: v.nullish(v.record(v.string(), subscriptionFields), {}),
  caps: v.optional(v.unknown()),
});

const refreshResult = v.object({
  expired: v.nullish(v.boolean(), false),
  ...expiryField,
  ...infoFields,
  meta: v.optional(v.unknown()),
  caps: v.optional(v.unknown()),
});

function sharedIdentity(fields: GrantFields & { readonly meta?: unknown; readonly caps?: unknown }) {
  const { meta, caps } = fields;
  return {
    ...grantOf(readGrant(fields)),
    ...(!isNothing(meta) && { meta }),
    ...(caps != null && { capabilities: parseCapabilities(caps) }),
  };
}

/** @throws Error for what is no result of this hook */
function readConnect(value: unknown): Decision<Recognised<Identity>> {
  const result = v.parse(connectResult, value);
  const identity = { user: result.user, ...sharedIdentity(result), ...subscriptionsOf(result.channels, result.subs) };
  return { ok: true, identity };
}

/** @throws Error likewise */
function readRefresh(user: string, value: unknown): Decision<Recognised<Identity>> {
  const result = v.parse(refreshResult, value);
  return result.expired ? expired : { ok: true, identity: { user, ...sharedIdentity(result) } };
}

const expired: Denied = { ok: false, disconnect: disconnectCodes.expired };

interface ConnectHookParts {
  readonly connect: Hook;
  /** Absent: a connection that expires is closed, and its client connects again. */
  readonly refresh: Hook | undefined;
  /** For clients with a token. Absent: the backend authenticates those too. */
  readonly tokens: Authenticator | undefined;
  readonly grace: RefreshGrace;
}

export function connectHook({ connect, refresh, tokens, grace }: ConnectHookParts): Authenticator {
  return {
    readsHeaders: connect.options.headers.includes('cookie'),
    ...(tokens?.refresh && { refresh: tokens.refresh.bind(tokens) }),
    ...(tokens?.subscribe && { subscribe: tokens.subscribe.bind(tokens) }),
    connect(attempt) {
      return attempt.token !== undefined && tokens !== undefined ? tokens.connect(attempt) : ask(connect, attempt);
    },
    ...(refresh && {
      async renew(client) {
        const outcome = await refresh.call({
          body: clientFields(client, refresh.options.includeMeta),
          source: client.handshake,
          repeatable: true,
          readResult: (result) => readRefresh(client.user, result),
        });
        if ('failure' in outcome) {
          const expiresAtMs = grace.extend(client);
          return expiresAtMs === undefined ? expired : { ok: true, identity: { user: client.user, expiresAtMs } };
        }
        grace.end(client);
        return outcome;
      },
    }),
  };
}

function ask(connect: Hook, attempt: ConnectAttempt): Promise<Decision<Recognised<Identity>>> {
  const { token, data, handshake, name, version, profile } = attempt;
  return connect.call({
    body: {
      ...strangerFields(attempt),
      ...defined({
        name: name || undefined,
        version: version || undefined,
        profile,
        token,
        data: data === undefined ? undefined : new JsonSource(payloadJson(data), false),
      }),
    },
    source: handshake,
    repeatable: true,
    readResult: readConnect,
  });
}

/** Keeps headers from connect commands for later hooks, whichever authenticator accepts the client. */
export function keepStandIns(auth: Authenticator, standIns: StandIns): Authenticator {
  return {
    readsHeaders: auth.readsHeaders === true,
    ...(auth.refresh && { refresh: auth.refresh.bind(auth) }),
    ...(auth.renew && { renew: auth.renew.bind(auth) }),
    ...(auth.subscribe && { subscribe: auth.subscribe.bind(auth) }),
    connect(attempt) {
      standIns.keep(attempt.handshake.headers, attempt.standIns);
      return auth.connect(attempt);
    },
  };
}
