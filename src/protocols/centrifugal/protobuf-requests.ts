/**
 * The requests of Centrifugal protocol v2 in protobuf: the number of each field that is read, with its name in JSON.
 * What is not here is ignored. Numbers are those of client.proto in centrifugal/protocol.
 */

/** `json`: bytes that are JSON text. `payload`: bytes of which only the rule of the channel tells what they are. `texts`: a list of them. */
export type FieldKind = 'text' | 'texts' | 'json' | 'payload' | 'uint' | 'int' | 'flag' | MessageKind;

interface MessageKind {
  readonly fields: FieldTable;
  /** Whether it is an entry of a map, whose key is field 1 and whose value is field 2. */
  readonly isEntry: boolean;
  /** Whether the field may come several times, and is a list. */
  readonly isList?: boolean;
}

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
}

/** By number. */
export type FieldTable = ReadonlyMap<number, Field>;

/** Fields by number, each with its name in JSON. */
export function tableOf<Kind>(
  fields: Readonly<Record<number, readonly [name: string, kind: Kind]>>,
): ReadonlyMap<number, { readonly name: string; readonly kind: Kind }> {
  return new Map(Object.entries(fields).map(([number, [name, kind]]) => [Number(number), { name, kind }]));
}

const table = tableOf<FieldKind>;

function map(value: FieldKind): MessageKind {
  return { fields: table({ 1: ['key', 'text'], 2: ['value', value] }), isEntry: true };
}

function message(fields: FieldTable): MessageKind {
  return { fields, isEntry: false };
}

function messages(fields: FieldTable): MessageKind {
  return { fields, isEntry: false, isList: true };
}

const channelAlone = table({ 1: ['channel', 'text'] });

/** A node of a filter by tags, which has nodes like it. */
const filterNode = new Map(
  table({
    1: ['op', 'text'],
    2: ['key', 'text'],
    3: ['cmp', 'text'],
    4: ['val', 'text'],
    5: ['vals', 'texts'],
  }),
);
filterNode.set(6, { name: 'nodes', kind: messages(filterNode) });

const subscribe = table({
  1: ['channel', 'text'],
  2: ['token', 'text'],
  3: ['recover', 'flag'],
  6: ['epoch', 'text'],
  7: ['offset', 'uint'],
  8: ['data', 'json'],
  9: ['positioned', 'flag'],
  10: ['recoverable', 'flag'],
  11: ['join_leave', 'flag'],
  12: ['delta', 'text'],
  13: ['tf', message(filterNode)],
  14: ['flag', 'int'],
  15: ['type', 'int'],
  16: ['phase', 'int'],
  17: ['cursor', 'text'],
  18: ['limit', 'int'],
});

interface Request {
  readonly method: string;
  readonly fields: FieldTable;
  /** Absent ones: protobuf leaves empty values out. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** By the number of the command's field. The names are those of `methods` in command-fields.ts. */
export const requests: ReadonlyMap<number, Request> = new Map<number, Request>([
  [
    4,
    {
      method: 'connect',
      fields: table({
        1: ['token', 'text'],
        2: ['data', 'json'],
        3: ['subs', map(message(subscribe))],
        4: ['name', 'text'],
        5: ['version', 'text'],
        6: ['headers', map('text')],
        7: ['flag', 'int'],
        8: ['dict', 'text'],
        9: ['profile', 'text'],
      }),
    },
  ],
  [5, { method: 'subscribe', fields: subscribe }],
  [6, { method: 'unsubscribe', fields: channelAlone }],
  [
    7,
    {
      method: 'publish',
      fields: table({
        1: ['channel', 'text'],
        2: ['data', 'payload'],
        3: ['type', 'int'],
        4: ['key', 'text'],
        5: ['removed', 'flag'],
        // Fanfare's own: client.proto has no such field.
        15: ['flag', 'int'],
      }),
      defaults: { data: new Uint8Array() },
    },
  ],
  [8, { method: 'presence', fields: channelAlone }],
  [9, { method: 'presence_stats', fields: channelAlone }],
  [
    10,
    {
      method: 'history',
      fields: table({
        1: ['channel', 'text'],
        7: ['limit', 'int'],
        8: ['since', message(table({ 1: ['offset', 'uint'], 2: ['epoch', 'text'] }))],
        9: ['reverse', 'flag'],
      }),
    },
  ],
  [11, { method: 'ping', fields: table({}) }],
  [12, { method: 'send', fields: table({ 1: ['data', 'json'] }) }],
  [13, { method: 'rpc', fields: table({ 1: ['data', 'json'], 2: ['method', 'text'] }) }],
  [14, { method: 'refresh', fields: table({ 1: ['token', 'text'] }) }],
  [15, { method: 'sub_refresh', fields: table({ 1: ['channel', 'text'], 2: ['token', 'text'], 3: ['type', 'int'] }) }],
]);
