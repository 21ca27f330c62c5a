/** The store of functions in one table of DynamoDB. */

import * as v from 'valibot';
import type { BrokerPorts } from '../../brokers/ports.js';
import type { Clock } from '../../engine/ports/clock.js';
import type {
  ConnectionIndex,
  DeliveryOrder,
  FunctionStore,
  IndexKind,
  LateChannels,
  RevocationStore,
} from '../function-store.js';
import { decodeStanding, keyOfStanding, type Standing, standingOf } from '../standing.js';
import { DynamoDbBroker } from './broker.js';
import { DynamoDbConnections } from './connections.js';
import type { DynamoDbOptions } from './options.js';
import { goneAt, type Item, number, numberOf, Table, text, textOf } from './table.js';

const defaultStreamIdleMs = 86_400_000;
/** Of an entry in an index: its connection has ended by then. */
const indexLifeMs = 3 * 3_600_000;
const orderLifeMs = 300_000;
const markLifeMs = 86_400_000;
const only = '-';

export class DynamoDbFunctionStore implements FunctionStore {
  readonly broker: DynamoDbBroker;
  readonly connections: DynamoDbConnections;
  readonly order: DeliveryOrder;
  readonly index: ConnectionIndex;
  readonly late: LateChannels;
  readonly revocations: RevocationStore;

  constructor(options: DynamoDbOptions, ports: BrokerPorts) {
    const table = new Table(options);
    this.broker = new DynamoDbBroker(table, ports, options.streamIdleMs ?? defaultStreamIdleMs);
    this.connections = new DynamoDbConnections(table, ports.clock);
    this.order = orderIn(table, ports.clock);
    this.index = indexIn(table, ports.clock);
    this.late = lateIn(table, ports.clock);
    this.revocations = revocationsIn(table, ports.clock);
  }
}

function orderIn(table: Table, clock: Clock): DeliveryOrder {
  const keyOf = (id: string) => `order#${id}`;
  const gone = () => goneAt(clock.wallMs() + orderLifeMs);
  return {
    async place(id) {
      const changed = await table.update(keyOf(id), only, {
        UpdateExpression: 'ADD places :one SET gone = :gone',
        ExpressionAttributeValues: { ':one': number(1), ':gone': gone() },
        ReturnValues: 'UPDATED_NEW',
      });
      return (changed.holds ? numberOf(changed.outcome, 'places') : undefined) ?? 1;
    },
    async isNext(id, place) {
      return (numberOf(await table.get(keyOf(id), only), 'delivered') ?? 0) >= place - 1;
    },
    async delivered(id, place) {
      await table.update(keyOf(id), only, {
        UpdateExpression: 'SET delivered = :place, gone = :gone',
        ConditionExpression: 'attribute_not_exists(delivered) OR delivered < :place',
        ExpressionAttributeValues: { ':place': number(place), ':gone': gone() },
      });
    },
  };
}

function indexIn(table: Table, clock: Clock): ConnectionIndex {
  const keyOf = (kind: IndexKind, name: string) => `index#${kind}#${name}`;
  return {
    async add(kind, name, id) {
      await table.put({ pk: text(keyOf(kind, name)), sk: text(id), gone: goneAt(clock.wallMs() + indexLifeMs) });
    },
    async remove(kind, name, id) {
      await table.delete(keyOf(kind, name), id);
    },
    async members(kind, name) {
      const items = await table.query({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': text(keyOf(kind, name)) },
        ConsistentRead: true,
      });
      return items.flatMap((item) => textOf(item, 'sk') ?? []);
    },
  };
}

function lateIn(table: Table, clock: Clock): LateChannels {
  const before = 'late#';
  return {
    async mark(channel, mark, nowMs) {
      await table.put({
        pk: text(before + channel),
        sk: text(mark),
        dq: text('late'),
        due: number(Math.ceil(nowMs)),
        gone: goneAt(clock.wallMs() + markLifeMs),
      });
    },
    async unmark(channel, mark) {
      await table.delete(before + channel, mark);
    },
    async before(atMs, limit) {
      const items = await table.query(
        {
          IndexName: 'due',
          KeyConditionExpression: 'dq = :dq AND due <= :at',
          ExpressionAttributeValues: { ':dq': text('late'), ':at': number(atMs) },
        },
        limit,
      );
      return items.map((item) => ({
        channel: textOf(item, 'pk')?.slice(before.length) ?? '',
        mark: textOf(item, 'sk') ?? '',
      }));
    },
  };
}

function revocationsIn(table: Table, clock: Clock): RevocationStore {
  const pk = 'revocations';
  const set = async (value: Standing) => {
    const untilMs = value.kind === 'unblocked' ? undefined : value.untilMs;
    const item: Item = { pk: text(pk), sk: text(keyOfStanding(value)), value: text(JSON.stringify(value)) };
    await table.put({ ...item, ...(untilMs !== undefined && { gone: goneAt(untilMs) }) });
  };
  return {
    add: set,
    unblock: (user, atMs) => set({ kind: 'unblocked', user, atMs }),
    async all() {
      const items = await table.query({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': text(pk) },
        ConsistentRead: true,
      });
      return standingOf(
        items.flatMap((item) => decodeStanding(v.parse(v.string(), textOf(item, 'value')))),
        clock.wallMs(),
      );
    },
  };
}
