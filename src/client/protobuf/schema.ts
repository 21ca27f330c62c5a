/**
 * The messages that a client writes and reads in protobuf: the number of each field, with its name in JSON. Numbers are
 * those of client.proto in centrifugal/protocol; the requests are those that the server reads.
 */

import { type FieldKind, requests, tableOf } from '../../protocols/centrifugal/protobuf-requests.js';

export type Fields = Record<string, unknown>;

/** A message within a message. */
export interface Embedded {
  readonly fields: MessageTable;
  /** Whether it is an entry of a map, whose key is field 1 and whose value is field 2. */
  readonly isEntry: boolean;
  /** Whether the field may come several times, and is a list. */
  readonly isList?: boolean;
  /** Fields that are there in JSON even if they are empty, which protobuf leaves out. */
  readonly begin?: () => Fields;
  /** Whether its data is a delta if its field `delta` says so. */
  readonly mayBeDelta?: true;
}

export interface MessageField {
  readonly name: string;
  readonly kind: Exclude<FieldKind, object> | 'bytes' | Embedded;
}

type Kind = MessageField['kind'];

/** By number. */
export type MessageTable = ReadonlyMap<number, MessageField>;

const fieldsOf = tableOf<Kind>;

function message(fields: Parameters<typeof fieldsOf>[0], begin?: () => Fields): Embedded {
  return { fields: fieldsOf(fields), isEntry: false, ...(begin && { begin }) };
}

function list(of: Embedded): Embedded {
  return { ...of, isList: true };
}

function map(value: Kind): Embedded {
  return { fields: fieldsOf({ 1: ['key', 'text'], 2: ['value', value] }), isEntry: true };
}

export const emulationRequest: MessageTable = fieldsOf({
  1: ['node', 'text'],
  2: ['session', 'text'],
  3: ['data', 'bytes'],
});

export const command: MessageTable = new Map<number, MessageField>([
  [1, { name: 'id', kind: 'uint' }],
  ...[...requests].map(([number, { method, fields }]): [number, MessageField] => [
    number,
    { name: method, kind: { fields, isEntry: false } },
  ]),
]);

const empty = message({});
const reason = () => ({ code: 0, reason: '' });

const clientInfo = message(
  { 1: ['user', 'text'], 2: ['client', 'text'], 3: ['conn_info', 'json'], 4: ['chan_info', 'json'] },
  () => ({ user: '', client: '' }),
);

const publication = {
  ...message({
    4: ['data', 'bytes'],
    5: ['info', clientInfo],
    6: ['offset', 'uint'],
    7: ['tags', map('text')],
    8: ['delta', 'flag'],
    11: ['key', 'text'],
    12: ['removed', 'flag'],
  }),
  mayBeDelta: true,
} as const;

const subscribeResult = message({
  1: ['expires', 'flag'],
  2: ['ttl', 'uint'],
  3: ['recoverable', 'flag'],
  6: ['epoch', 'text'],
  7: ['publications', list(publication)],
  8: ['recovered', 'flag'],
  9: ['offset', 'uint'],
  10: ['positioned', 'flag'],
  11: ['data', 'json'],
  12: ['was_recovering', 'flag'],
  13: ['delta', 'flag'],
  14: ['id', 'uint'],
  15: ['type', 'uint'],
  16: ['phase', 'uint'],
  17: ['cursor', 'text'],
  18: ['state', list(publication)],
});

const connectResult = message({
  1: ['client', 'text'],
  2: ['version', 'text'],
  3: ['expires', 'flag'],
  4: ['ttl', 'uint'],
  5: ['data', 'json'],
  6: ['subs', map(subscribeResult)],
  7: ['ping', 'uint'],
  8: ['pong', 'flag'],
  9: ['session', 'text'],
  10: ['node', 'text'],
  12: ['flag', 'uint'],
  13: ['dict', message({ 1: ['id', 'text'], 2: ['data', 'bytes'] })],
});

const push = message({
  1: ['id', 'uint'],
  2: ['channel', 'text'],
  4: ['pub', publication],
  5: ['join', message({ 1: ['info', clientInfo] })],
  6: ['leave', message({ 1: ['info', clientInfo] })],
  7: ['unsubscribe', message({ 2: ['code', 'uint'], 3: ['reason', 'text'] }, reason)],
  8: ['message', message({ 1: ['data', 'json'] })],
  9: [
    'subscribe',
    message({
      1: ['recoverable', 'flag'],
      4: ['epoch', 'text'],
      5: ['offset', 'uint'],
      6: ['positioned', 'flag'],
      7: ['data', 'json'],
    }),
  ],
  11: ['disconnect', message({ 1: ['code', 'uint'], 2: ['reason', 'text'] }, reason)],
  12: ['refresh', message({ 1: ['expires', 'flag'], 2: ['ttl', 'uint'] })],
});

export const reply = message({
  1: ['id', 'uint'],
  2: [
    'error',
    message({ 1: ['code', 'uint'], 2: ['message', 'text'], 3: ['temporary', 'flag'] }, () => ({
      code: 0,
      message: '',
    })),
  ],
  4: ['push', push],
  5: ['connect', connectResult],
  6: ['subscribe', subscribeResult],
  7: ['unsubscribe', empty],
  8: ['publish', message({ 1: ['offset', 'uint'], 2: ['epoch', 'text'] })],
  9: ['presence', message({ 1: ['presence', map(clientInfo)] }, () => ({ presence: {} }))],
  10: [
    'presence_stats',
    message({ 1: ['num_clients', 'uint'], 2: ['num_users', 'uint'] }, () => ({ num_clients: 0, num_users: 0 })),
  ],
  11: [
    'history',
    message({ 1: ['publications', list(publication)], 2: ['epoch', 'text'], 3: ['offset', 'uint'] }, () => ({
      publications: [],
      epoch: '',
      offset: 0,
    })),
  ],
  12: ['ping', empty],
  13: ['rpc', message({ 1: ['data', 'json'] })],
  14: [
    'refresh',
    message({ 1: ['client', 'text'], 2: ['version', 'text'], 3: ['expires', 'flag'], 4: ['ttl', 'uint'] }),
  ],
  15: ['sub_refresh', message({ 1: ['expires', 'flag'], 2: ['ttl', 'uint'] })],
});
