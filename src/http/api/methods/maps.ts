/** `map_publish`, `map_remove`, `map_read_state` and `map_read_stream`: the keys of a map channel. */

import * as v from 'valibot';
import { defaultPageSize, type MapOutcome } from '../../../engine/ports/map-store.js';
import { trustedJsonText } from '../../../model/json-text.js';
import { isMapKey } from '../../../model/map-key.js';
import type { Publication } from '../../../model/publication.js';
import { publicationText } from '../../../protocols/centrifugal/json-encode.js';
import { malformed, missing } from '../api-error.js';
import { epoch, flag, integer, publicationFields, publicationOf, text } from '../fields.js';
import { apiMethod } from '../method.js';

const { version: _, version_epoch: __, skip_history: ___, ...entryFields } = publicationFields;

const changeFields = {
  channel: v.string(),
  key: v.string(),
  expected_version: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  expected_epoch: text,
};

const count = v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0);

/** `key_mode` as in Centrifugo: `if_new` is an expected version of 0. */
export const mapPublish = apiMethod(
  'map_publish',
  undefined,
  v.object({
    ...changeFields,
    ...entryFields,
    key_mode: v.nullish(v.picklist(['', 'if_new', 'if_exists']), ''),
    /** In milliseconds; -1: the key stays. 0 is the rule's. */
    ttl_ms: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(-1)), 0),
  }),
  async ({ channel, key, ...fields }, { operations }) => {
    const { data, options } = publicationOf({ ...fields, skip_history: false, version: 0 });
    const { key_mode: mode, ttl_ms: ttlMs } = fields;
    const { skipHistory: _, ...rest } = options;
    return outcomeText(
      await operations.changeMap(
        channel,
        { key: keyOf(key), data, removed: false },
        {
          ...rest,
          expected: mode === 'if_new' ? { version: 0 } : expectedOf(fields),
          mustExist: mode === 'if_exists',
          ...(ttlMs !== 0 && { ttlMs: Math.max(ttlMs, 0) }),
        },
      ),
      mode,
    );
  },
);

export const mapRemove = apiMethod(
  'map_remove',
  undefined,
  v.object({ ...changeFields, idempotency_key: publicationFields.idempotency_key, tags: publicationFields.tags }),
  async ({ channel, key, tags, idempotency_key: idempotencyKey, ...fields }, { operations }) => {
    const change = { key: keyOf(key), data: trustedJsonText('null'), removed: true };
    return outcomeText(
      await operations.changeMap(channel, change, {
        expected: expectedOf(fields),
        ...(tags && { tags }),
        ...(idempotencyKey && { idempotencyKey }),
      }),
    );
  },
);

/** Without a limit, only the position; with a key, that key alone. */
export const mapReadState = apiMethod(
  'map_read_state',
  undefined,
  v.object({
    channel: v.string(),
    cursor: v.nullish(v.pipe(v.string(), v.regex(/^\d{0,15}$/)), ''),
    limit: integer,
    key: text,
  }),
  async ({ channel, cursor, limit, key }, { operations }) => {
    if (key !== '') {
      const { entry, top } = await operations.readMapKey(channel, key);
      return entriesText(entry === undefined ? [] : [entry], top);
    }
    const { state, top, next, size } = await operations.readMap(channel, {
      after: Number(cursor),
      limit: limit < 0 ? defaultPageSize : limit,
    });
    return entriesText(state.entries, top, next, size);
  },
);

/** The changes that are kept. Without a limit, only the position. */
export const mapReadStream = apiMethod(
  'map_read_stream',
  undefined,
  v.object({
    channel: v.string(),
    since_offset: count,
    since_epoch: epoch,
    limit: integer,
    reverse: flag,
  }),
  async ({ channel, since_offset: offset, since_epoch: epoch, limit, reverse }, { operations }) => {
    const since = offset === 0 && epoch === '' ? undefined : { offset, ...(epoch !== '' && { epoch }) };
    const { publications, top } = await operations.history(channel, { limit, reverse, ...(since && { since }) });
    return entriesText(publications, top);
  },
);

function keyOf(key: string): string {
  if (key === '') throw missing('key');
  if (!isMapKey(key)) throw malformed('key is too long, or is no Unicode', 'key');
  return key;
}

function expectedOf(fields: {
  readonly expected_version?: number | null | undefined;
  readonly expected_epoch: string;
}) {
  const { expected_version: version, expected_epoch: epoch } = fields;
  return version == null ? undefined : { version, ...(epoch !== '' && { epoch }) };
}

const reasons = { version: 'position_mismatch', absent: 'key_not_found', full: 'map_full' } as const;

/** What was refused because of an option is suppressed, in Centrifugo's words. */
function outcomeText(outcome: MapOutcome, mode = ''): string {
  const { position } = outcome;
  if (outcome.ok) {
    return JSON.stringify({
      ...position,
      ...(outcome.duplicate && { suppressed: true, suppress_reason: 'idempotency' }),
    });
  }
  const reason = mode === 'if_new' && outcome.why === 'version' ? 'key_exists' : reasons[outcome.why];
  return JSON.stringify({ ...position, suppressed: true, suppress_reason: reason, version: outcome.version });
}

function entriesText(
  entries: readonly Publication[],
  { offset, epoch }: { readonly offset: number; readonly epoch: string },
  next = 0,
  size?: number,
): string {
  // Values are already JSON text and are embedded unchanged.
  const list = entries.map((entry) => publicationText(entry)).join(',');
  const cursor = next === 0 ? '' : `,"cursor":"${next}"`;
  const whole = size === undefined ? '' : `,"num_keys":${size}`;
  return `{"entries":[${list}],"offset":${offset},"epoch":${JSON.stringify(epoch)}${cursor}${whole}}`;
}
