/** The fields of a request as a command, checked: the same for all codecs, which read them from their bytes. */

import { errorCodes } from '../../model/codes.js';
import {
  type Command,
  type ConnectRequest,
  connectFlags,
  type HistoryRequest,
  type KeyedChange,
  type MapRequest,
  mapPhases,
  mapTypes,
  publishFlags,
  type SubscribeRequest,
} from '../../model/command.js';
import { type Fields, isFields } from '../../model/fields.js';
import { trustedJsonText } from '../../model/json-text.js';
import { isMapKey, maxMapKeyBytes } from '../../model/map-key.js';
import type { Position } from '../../model/position.js';
import {
  cited,
  entries,
  FieldFault,
  flag,
  integer,
  json,
  kindOf,
  own,
  payload,
  required,
  text,
} from './field-values.js';
import { filterOf } from './filter-fields.js';

/** Largest number of commands in one frame: a client with 128 channels needs 129 when it connects. */
export const maxCommandsPerFrame = 4_096;

/** Longer than any epoch that Fanfare makes. */
const maxEpochLength = 64;
const maxConnectSubs = 4_096;
const maxHeaders = 64;

const builders: Readonly<Record<string, (id: number, fields: Fields) => Command>> = {
  connect: (id, fields) => ({ kind: 'connect', id, request: connectRequest(fields) }),
  subscribe: (id, fields) => ({ kind: 'subscribe', id, request: subscribeRequest(fields) }),
  unsubscribe: (id, fields) => ({ kind: 'unsubscribe', id, channel: text(fields, 'channel') }),
  publish: (id, fields) => {
    const change = integer(fields, 'type') === mapTypes.any ? keyedChange(fields) : undefined;
    if (change === undefined) {
      const command = {
        kind: 'publish',
        id,
        channel: streamChannel(fields),
        data: required(payload(fields, 'data'), 'data'),
      } as const;
      return (integer(fields, 'flag') & publishFlags.position) === 0 ? command : { ...command, wantsPosition: true };
    }
    const data = change.removed ? nothing : required(payload(fields, 'data'), 'data');
    return { kind: 'publish', id, channel: text(fields, 'channel'), data, change };
  },
  presence: (id, fields) => ({ kind: 'presence', id, channel: text(fields, 'channel') }),
  presence_stats: (id, fields) => ({ kind: 'presenceStats', id, channel: text(fields, 'channel') }),
  history: (id, fields) => ({ kind: 'history', id, request: historyRequest(fields) }),
  ping: (id) => ({ kind: 'ping', id }),
  send: (_, fields) => ({ kind: 'send', data: json(fields, 'data') }),
  rpc: (id, fields) => ({ kind: 'rpc', id, method: text(fields, 'method'), data: json(fields, 'data') }),
  refresh: (id, fields) => ({ kind: 'refresh', id, token: text(fields, 'token') }),
  sub_refresh: (id, fields) => ({
    kind: 'subRefresh',
    id,
    channel: streamChannel(fields),
    token: text(fields, 'token'),
  }),
};
/** Takes the place of the data of a key that is removed. */
const nothing = trustedJsonText('null');
const noPositions: ReadonlyMap<string, Position> = new Map();
/** The names of commands. If a client sends several at once, the first of this list counts. */
export const methods: readonly string[] = Object.keys(builders);

/**
 * A command, or the problem with it, for which its connection is closed.
 *
 * @param method one of {@link methods}
 */
export function commandOf(id: number, method: string, fields: Fields): Command | string {
  if (id === 0 && method !== 'send') return 'missing command id';
  try {
    // safe: method is one of the keys
    return (builders[method] as (id: number, fields: Fields) => Command)(id, fields);
  } catch (fault) {
    if (!(fault instanceof FieldFault)) throw fault;
    // A message without an id has no reply that could carry the error.
    if (id === 0) return `${method}: ${fault.message}`;
    return { kind: 'invalid', id, method, field: fault.field, why: fault.message, error: fault.reply };
  }
}

function connectRequest(fields: Fields): ConnectRequest {
  const subs = heldPositions(fields);
  const headers = standIns(fields);
  const profile = text(fields, 'profile');
  const features = integer(fields, 'flag');
  return {
    token: text(fields, 'token') || undefined,
    data: json(fields, 'data'),
    headers,
    name: text(fields, 'name'),
    version: text(fields, 'version'),
    subs,
    ...((features & connectFlags.dictionary) !== 0 && { dictionary: text(fields, 'dict') }),
    ...(profile !== '' && { profile }),
    ...((features & connectFlags.pagedRecovery) !== 0 && { inPages: true }),
  };
}

function heldPositions(fields: Fields): ReadonlyMap<string, Position> {
  const held = entries(fields, 'subs', maxConnectSubs);
  if (held.length === 0) return noPositions;
  const subs = new Map<string, Position>();
  for (const [channel, sub] of held) {
    if (!isFields(sub)) throw new FieldFault('subs', `has ${kindOf(sub)} for a channel, and not an object`);
    if (flag(sub, 'recover')) subs.set(channel, position(sub));
  }
  return subs;
}

function standIns(fields: Fields): ReadonlyMap<string, string> | undefined {
  const sent = entries(fields, 'headers', maxHeaders);
  if (sent.length === 0) return undefined;
  const headers = new Map<string, string>();
  for (const [name, value] of sent) {
    if (typeof value !== 'string') {
      throw new FieldFault('headers', `has ${kindOf(value)} for ${cited(name)}, and not a text`);
    }
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

function subscribeRequest(fields: Fields): SubscribeRequest {
  const map = mapRequest(fields);
  return {
    channel: map === undefined ? streamChannel(fields) : text(fields, 'channel'),
    token: text(fields, 'token') || undefined,
    data: json(fields, 'data'),
    recoverSince: flag(fields, 'recover') ? position(fields) : undefined,
    positioned: flag(fields, 'positioned'),
    recoverable: flag(fields, 'recoverable'),
    joinLeave: flag(fields, 'join_leave'),
    // Other formats are declined: without `delta` in the reply clients expect whole data.
    delta: text(fields, 'delta') === 'fossil',
    filter: filterOf(own(fields, 'tf')),
    flag: integer(fields, 'flag'),
    ...(map && { map }),
  };
}

function mapRequest(fields: Fields): MapRequest | undefined {
  const type = mapTypeOf(integer(fields, 'type'));
  if (type === undefined) return undefined;
  noFilter(fields);
  const phase = phaseOf(integer(fields, 'phase'));
  const limit = integer(fields, 'limit');
  return { type, phase, limit: Math.max(limit, 0), cursor: cursor(fields), position: position(fields) };
}

function mapTypeOf(type: number): MapRequest['type'] | undefined {
  return Object.values(mapTypes).find((known) => known === type);
}

function phaseOf(phase: number): MapRequest['phase'] {
  const known = Object.values(mapPhases).find((each) => each === phase);
  if (known === undefined) throw new FieldFault('phase', 'is none that there is');
  return known;
}

/** Cursors are offsets, which clients return as they got them. */
function cursor(fields: Fields): number {
  const value = text(fields, 'cursor');
  if (!/^\d{0,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
    throw new FieldFault('cursor', 'is none that a server has made');
  }
  return Number(value);
}

function keyedChange(fields: Fields): KeyedChange {
  noFilter(fields);
  const key = text(fields, 'key');
  if (!isMapKey(key)) throw new FieldFault('key', `has to have from 1 to ${maxMapKeyBytes} bytes`);
  return { key, removed: flag(fields, 'removed') };
}

/** Maps have no filters by tags (`tf`): the client would mistake everything for what it asked for. */
function noFilter(fields: Fields): void {
  if ((own(fields, 'tf') ?? undefined) !== undefined) {
    throw new FieldFault('tf', 'asks for a filter by tags, which maps do not have', errorCodes.notAvailable);
  }
}

/**
 * The channel of a request about a stream. Shared polls (`type`) are refused, since the client would mistake a plain
 * stream for what it asked for.
 */
function streamChannel(fields: Fields): string {
  if (integer(fields, 'type') !== 0) {
    throw new FieldFault('type', 'asks for a shared poll, or another kind that there is not', errorCodes.notAvailable);
  }
  return text(fields, 'channel');
}

function historyRequest(fields: Fields): HistoryRequest {
  const since = fields.since ?? undefined;
  if (since !== undefined && !isFields(since)) {
    throw new FieldFault('since', `is ${kindOf(since)}, and not an object`);
  }
  return {
    channel: text(fields, 'channel'),
    limit: integer(fields, 'limit'),
    reverse: flag(fields, 'reverse'),
    since: since === undefined ? undefined : position(since),
  };
}

function position(fields: Fields): Position {
  const offset = integer(fields, 'offset');
  const epoch = text(fields, 'epoch');
  if (offset < 0) throw new FieldFault('offset', 'is negative');
  if (epoch.length > maxEpochLength) throw new FieldFault('epoch', 'is longer than any that a server has made');
  return { offset, epoch };
}
