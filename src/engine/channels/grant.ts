/** The only decoder of grants, for tokens, hooks, the HTTP API, functions and other nodes. */

import * as v from 'valibot';
import { parseSource } from '../../model/json-parse.js';
import { each, type JsonShape, members } from '../../model/json-shape.js';
import { JsonSource } from '../../model/json-source.js';
import { trustedJsonText } from '../../model/json-text.js';
import { decodeUtf8 } from '../../model/utf8.js';
import type { Grant, SubscriptionOverride } from '../ports/authenticator.js';
import type { SubscribeGrant } from './channel-options.js';
import { jsonObject } from './json-object.js';
import { encodeMessage } from './publishing.js';

/** Unix time in seconds, within representable dates; a token with a later one is invalid. */
export const unixSec = v.pipe(v.number(), v.minValue(0), v.maxValue(8_640_000_000_000));

export const base64 = v.pipe(v.string(), v.base64());

/** A switch in tokens, hooks and the HTTP API: absent is not the same as false. */
const switchField = v.optional(jsonObject({ value: v.boolean() }));

const override = v.nullish(
  jsonObject({
    presence: switchField,
    join_leave: switchField,
    force_push_join_leave: switchField,
    force_recovery: switchField,
    /** Positions are checked wherever there is a history: the switch is accepted and changes nothing. */
    force_positioning: switchField,
  }),
);

/** Fields of backends. Base64 takes precedence over the plain field; an empty one is absent, and so is `null`. */
export const infoFields = { info: v.optional(v.unknown()), b64info: v.nullish(base64) };
export const dataFields = { data: v.optional(v.unknown()), b64data: v.nullish(base64) };
export const overrideField = { override };
/** 0: never. */
export const expiryField = { expire_at: v.nullish(unixSec) };

/** Fields of one server-side subscription of a connection. */
export const subscriptionFields = v.object({
  ...infoFields,
  ...dataFields,
  b64info: v.optional(base64),
  b64data: v.optional(base64),
  ...overrideField,
});

/** Values that are forwarded stay as the backend has written them. */
export const grantShape: JsonShape = members({
  info: 'source',
  data: 'source',
  meta: 'source',
  subs: each(members({ info: 'source', data: 'source' })),
});

/** A grant in the fields above, as accepted by a schema. */
export interface GrantFields {
  readonly info?: unknown;
  readonly b64info?: string | null | undefined;
  readonly data?: unknown;
  readonly b64data?: string | null | undefined;
  readonly expire_at?: number | null | undefined;
  readonly override?: v.InferOutput<typeof override>;
}

/**
 * Converts it to the form of application functions.
 *
 * @throws Error for base64 without JSON, FanfareError `ERR_MESSAGE_INVALID` for JSON with a lone surrogate
 */
export function readGrant(fields: GrantFields): SubscribeGrant {
  const { expire_at: expiresAt, override } = fields;
  return {
    info: jsonOf('info', fields.info, fields.b64info),
    data: jsonOf('data', fields.data, fields.b64data),
    ...(expiresAt && { expiresAt }),
    ...(override && { override: overrideOf(override) }),
  };
}

/** Shared by all grants without fields. */
export const nothingGranted: Grant = {};

/** Converts it to the engine's form. @throws FanfareError `ERR_MESSAGE_INVALID` for what JSON or UTF-8 cannot keep */
export function grantOf(granted: SubscribeGrant | undefined): Grant {
  if (granted === undefined) return nothingGranted;
  const { info, data, expiresAt, override } = granted;
  return {
    ...(info !== undefined && { info: encodeMessage(info) }),
    ...(data !== undefined && { data: encodeMessage(data) }),
    ...(expiresAt !== undefined && { expiresAtMs: Math.floor(expiresAt * 1_000) }),
    ...(override !== undefined && { override }),
  };
}

/** Server-side subscriptions: `subs` takes precedence over `channels`. @throws as {@link readGrant} does */
export function subscriptionsOf(
  channels: readonly string[],
  subs: Readonly<Record<string, GrantFields>>,
): { readonly subscriptions?: ReadonlyMap<string, Grant> } {
  const subscriptions = new Map<string, Grant>(channels.map((channel) => [channel, {}]));
  for (const [channel, fields] of Object.entries(subs)) subscriptions.set(channel, grantOf(readGrant(fields)));
  return subscriptions.size === 0 ? {} : { subscriptions };
}

/** Plain JSON, or JSON in base64, as it came; `undefined` for none. @throws as {@link readGrant} does */
export function jsonOf(key: string, plain: unknown, encoded: string | null | undefined): JsonSource | undefined {
  const source = encoded ? sourceOf(key, encoded) : plain;
  return isNothing(source) ? undefined : new JsonSource(encodeMessage(source), false);
}

/** Absent, or JSON's null. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (value instanceof JsonSource && value.text === 'null');
}

function sourceOf(key: string, encoded: string): JsonSource {
  const text = decodeUtf8(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
  // Not UTF-8 and so not JSON.
  const source = text === undefined ? undefined : parseSource(text);
  if (source === undefined) throw new Error(`b64${key} is no JSON in base64`);
  return source;
}

function overrideOf(fields: NonNullable<v.InferOutput<typeof override>>): SubscriptionOverride {
  const { presence, join_leave: joinLeave, force_push_join_leave: pushJoinLeave, force_recovery: recovery } = fields;
  return {
    ...(presence && { presence: presence.value }),
    ...(joinLeave && { joinLeave: joinLeave.value }),
    ...(pushJoinLeave && { pushJoinLeave: pushJoinLeave.value }),
    ...(recovery && { recovery: recovery.value }),
  };
}

const text = v.pipe(v.string(), v.maxLength(1_024));
const time = v.pipe(v.number(), v.minValue(0));
const isOn = v.exactOptional(v.boolean());
/** Was encoded by the node that has accepted it. */
export const checkedJson = v.pipe(v.string(), v.check(isJson), v.transform(trustedJsonText));

/** A grant that one node sends to another, which it has already decoded. */
export const grantSchema = v.object({
  tokenId: v.exactOptional(text),
  issuedAtMs: v.exactOptional(time),
  info: v.exactOptional(checkedJson),
  data: v.exactOptional(checkedJson),
  expiresAtMs: v.exactOptional(time),
  override: v.exactOptional(v.object({ presence: isOn, joinLeave: isOn, pushJoinLeave: isOn, recovery: isOn })),
}) satisfies v.GenericSchema<unknown, Grant>;

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    // Said by the answer.
    return false;
  }
}
