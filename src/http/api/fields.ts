/** Fields of several methods, and JSON that callers pass through. `null` is the same as absent. */

import * as v from 'valibot';
import { type GrantFields, grantOf, readGrant } from '../../engine/channels/grant.js';
import { jsonObject, jsonTexts } from '../../engine/channels/json-object.js';
import { encodeMessage } from '../../engine/channels/publishing.js';
import type { ClientSelector } from '../../engine/operations/clients.js';
import type { Grant } from '../../engine/ports/authenticator.js';
import { maxIdempotencyKeyBytes } from '../../engine/ports/broker.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { hasLoneSurrogate, toJsonText } from '../../model/json-text.js';
import { type Payload, payloadJson } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import { malformed, missing } from './api-error.js';

/** Tags go to every subscriber with every publication. */
export const maxTagsBytes = 4_096;
/** For `info` and `data` of a subscription or connection, as JSON. */
export const maxAttachmentBytes = 65_536;
const maxEpochLength = 64;
const maxVersionEpochBytes = 64;
/** Later dates cannot be represented. */
const maxUnixSec = 8_640_000_000_000;

export const text = v.nullish(v.string(), '');
export const flag = v.nullish(v.boolean(), false);
const defaultPageSize = 100;
const maxPageSize = 1_000;
/** Entries of one answer; 0 is the default. */
export const pageSize = v.pipe(
  v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxPageSize)), 0),
  v.transform((size) => size || defaultPageSize),
);
export const integer = v.nullish(v.pipe(v.number(), v.safeInteger()), 0);
export const unixTime = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxUnixSec)), 0);
export const base64 = v.nullish(v.pipe(v.string(), v.base64()));
export const anyJson = v.optional(v.unknown());

export const epoch = v.nullish(v.pipe(v.string(), v.maxLength(maxEpochLength)), '');

export const position = jsonObject({
  offset: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  epoch,
}) satisfies v.GenericSchema<unknown, Position>;

const isSendable = (value: Readonly<Record<string, string>>): boolean => {
  const encoded = toJsonText(value);
  return encoded !== undefined && Buffer.byteLength(encoded) <= maxTagsBytes && !hasLoneSurrogate(encoded);
};

/** Whose connections are meant. */
export const target = { user: text, client: text, session: text };

/** Fields of a publication, besides its channels. */
export const publicationFields = {
  data: anyJson,
  b64data: base64,
  skip_history: flag,
  tags: v.nullish(v.pipe(jsonTexts, v.check(isSendable))),
  idempotency_key: v.nullish(v.pipe(v.string(), v.maxBytes(maxIdempotencyKeyBytes))),
  /** Ignored: the channel's rule says whether deltas are sent. */
  delta: flag,
  version: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  version_epoch: v.nullish(v.pipe(v.string(), v.maxBytes(maxVersionEpochBytes))),
};

interface PublicationFields {
  readonly data?: unknown;
  readonly b64data?: string | null | undefined;
  readonly skip_history: boolean;
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
  readonly idempotency_key?: string | null | undefined;
  readonly version: number;
  readonly version_epoch?: string | null | undefined;
}

/** @throws ApiError, FanfareError `ERR_MESSAGE_INVALID` */
export function publicationOf(fields: PublicationFields) {
  const { data, b64data, skip_history: skipHistory, tags, idempotency_key: idempotencyKey, version } = fields;
  return {
    data: payloadOf(data, b64data),
    options: {
      skipHistory,
      ...(tags && { tags }),
      ...(idempotencyKey && { idempotencyKey }),
      ...(version > 0 && { version: { number: version, epoch: fields.version_epoch ?? '' } }),
    },
  };
}

/** Base64 takes precedence; an empty one is no bytes if there is nothing else. The rule of the channel says what bytes are. */
function payloadOf(data: unknown, b64data: string | null | undefined): Payload {
  if (b64data || (b64data === '' && data === undefined)) return new Uint8Array(Buffer.from(b64data, 'base64'));
  if (data === undefined) throw missing('data');
  return encodeMessage(data);
}

/** @throws ApiError when nobody is named */
export function selectorOf({ user, client, session }: Readonly<Record<keyof typeof target, string>>): ClientSelector {
  if (client === '' && session === '') {
    if (user === '') throw missing('user');
    return { user };
  }
  // A connection and its session have the same id, so two different ids match nothing.
  const isOne = client === '' || session === '' || client === session;
  return { user, client: isOne ? client || session : '' };
}

/** @throws ApiError */
export function grantFrom(fields: GrantFields): Grant {
  const grant = readable(() => grantOf(readGrant(fields)));
  for (const key of ['info', 'data'] as const) {
    const payload = grant[key];
    if (payload !== undefined && Buffer.byteLength(payloadJson(payload)) > maxAttachmentBytes) {
      throw malformed(`${key} is larger than ${maxAttachmentBytes} bytes`);
    }
  }
  return grant;
}

/** Unix seconds to milliseconds; 0 is never. */
export function timeFrom<const Key extends string>(key: Key, unixSec: number): { readonly [K in Key]?: number } {
  // safe: the object has that one key or none
  return (unixSec === 0 ? {} : { [key]: unixSec * 1_000 }) as { readonly [K in Key]?: number };
}

/** @throws ApiError instead of other errors, for invalid base64 */
function readable<Read>(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (error instanceof FanfareError || !(error instanceof Error)) throw error;
    throw malformed(`${error.message}: other payloads have no place in this protocol`);
  }
}
