/** Connections in DynamoDB: an item for each, in an index by when somebody has to look at them. */

import type { Clock } from '../../engine/ports/clock.js';
import type { ConnectionStore, Taken, VisitRequest } from '../function-store.js';
import { goneAt, type Item, number, numberOf, type Table, text, textOf } from './table.js';

/** Longer than a connection of API Gateway lives, for what nobody removes. */
const lifeMs = 3 * 3_600_000;
const only = '-';
/** The index is written as fast as its partitions take it. */
const numShards = 8;
/** Events that are known at least, and at most for a moment. */
const knownEvents = 64;

export class DynamoDbConnections implements ConnectionStore {
  readonly #table: Table;
  readonly #clock: Clock;
  /** Events of connections whose list is too long, by the lease under which they have been read. */
  readonly #toForget = new Map<string, readonly string[]>();

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async add(id: string, state: string, dueAtMs: number): Promise<void> {
    const item = {
      pk: text(keyOf(id)),
      sk: text(only),
      state: text(state),
      lease: text(''),
      until: number(0),
      dq: text(shardOf(id)),
      due: number(Math.ceil(dueAtMs)),
      gone: goneAt(this.#clock.wallMs() + lifeMs),
    };
    await this.#table.put(item, { ConditionExpression: 'attribute_not_exists(pk)' });
  }

  async take(id: string, request: VisitRequest): Promise<Taken> {
    const counts = (request.event?.lastCommand ?? 0) > 0;
    const taken = await this.#take(id, request, counts);
    // A late event, whose commands are not the newest.
    return taken ?? (await this.#take(id, request, false)) ?? { kind: 'busy', lastCommand: 0 };
  }

  async hold(id: string, lease: string, leaseMs: number): Promise<boolean> {
    const { holds } = await this.#table.update(keyOf(id), only, {
      UpdateExpression: 'SET #until = :until',
      ...ifLeased(lease, { ':until': number(this.#clock.wallMs() + leaseMs) }, { '#until': 'until' }),
    });
    return holds;
  }

  async intend(id: string, lease: string, channel: string): Promise<void> {
    await this.#table.update(keyOf(id), only, {
      UpdateExpression: 'ADD intended :intended',
      ...ifLeased(lease, { ':intended': { SS: [channel] } }),
    });
  }

  async leave(id: string, lease: string, state: string, dueAtMs: number): Promise<boolean> {
    const events = this.#toForget.get(lease);
    this.#toForget.delete(lease);
    const { holds } = await this.#table.update(keyOf(id), only, {
      UpdateExpression: `SET #state = :state, lease = :free, due = :due, gone = :gone${events === undefined ? '' : ', events = :events'} REMOVE intended`,
      ...ifLeased(
        lease,
        {
          ':state': text(state),
          ':free': text(''),
          ':due': number(Math.ceil(dueAtMs)),
          ':gone': goneAt(this.#clock.wallMs() + lifeMs),
          ...(events !== undefined && { ':events': { L: events.map(text) } }),
        },
        { '#state': 'state' },
      ),
    });
    return holds;
  }

  async remove(id: string, lease: string): Promise<boolean> {
    this.#toForget.delete(lease);
    const { holds } = await this.#table.delete(keyOf(id), only, ifLeased(lease, {}));
    return holds;
  }

  async due(nowMs: number, limit: number): Promise<readonly string[]> {
    const shards = Array.from({ length: numShards }, (_, n) =>
      this.#table.query(
        {
          IndexName: 'due',
          KeyConditionExpression: 'dq = :dq AND due <= :now',
          ExpressionAttributeValues: { ':dq': text(`connection ${n}`), ':now': number(nowMs) },
        },
        limit,
      ),
    );
    const items = (await Promise.all(shards)).flat();
    items.sort((a, b) => (numberOf(a, 'due') ?? 0) - (numberOf(b, 'due') ?? 0));
    return items.slice(0, limit).flatMap((item) => textOf(item, 'pk')?.slice(keyOf('').length) ?? []);
  }

  async notDue(): Promise<void> {
    // An item that is not there is not in the index, some moments later.
  }

  /** `undefined`: its commands are not the newest. */
  async #take(id: string, { lease, leaseMs, event }: VisitRequest, counts: boolean): Promise<Taken | undefined> {
    const nowMs = this.#clock.wallMs();
    const isPatient = event?.isPatient === true && event.firstCommand > 0;
    const sets = ['lease = :lease', '#until = :until'];
    const conditions = ['attribute_exists(pk)', '(lease = :free OR #until < :now)'];
    const values: Item = {
      ':lease': text(lease),
      ':until': number(nowMs + leaseMs),
      ':free': text(''),
      ':now': number(nowMs),
    };
    if (event !== undefined) {
      sets.push('events = list_append(if_not_exists(events, :none), :events)');
      conditions.push('(attribute_not_exists(events) OR NOT contains(events, :event))');
      Object.assign(values, { ':none': { L: [] }, ':events': { L: [text(event.id)] }, ':event': text(event.id) });
    }
    if (event !== undefined && counts) {
      sets.push('lastCommand = :last');
      conditions.push('(attribute_not_exists(lastCommand) OR lastCommand < :last)');
      values[':last'] = number(event.lastCommand);
    }
    if (event !== undefined && isPatient) {
      conditions.push('(attribute_not_exists(lastCommand) OR lastCommand >= :before)');
      values[':before'] = number(event.firstCommand - 1);
    }
    const taking = await this.#table.update(keyOf(id), only, {
      UpdateExpression: `SET ${sets.join(', ')}`,
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_OLD',
    });
    if (taking.holds) return this.#taken(taking.outcome, lease, event);
    const { item } = taking;
    if (item === undefined) return { kind: 'absent' };
    // The SDK has tried again after it was not answered.
    if (textOf(item, 'lease') === lease) return { ...this.#taken(item, lease, undefined), isSuspect: true };
    if (event !== undefined && eventsIn(item).includes(event.id)) return { kind: 'repeated' };
    const last = numberOf(item, 'lastCommand');
    const isTaken = textOf(item, 'lease') !== '' && (numberOf(item, 'until') ?? 0) >= nowMs;
    if (isTaken) return { kind: 'busy', lastCommand: last ?? 0 };
    if (event !== undefined && isPatient && last !== undefined && last < event.firstCommand - 1)
      return { kind: 'early', lastCommand: last };
    return counts ? undefined : { kind: 'busy', lastCommand: last ?? 0 };
  }

  /** @param event that is in the list by now */
  #taken(item: Item | undefined, lease: string, event: VisitRequest['event']): Extract<Taken, { kind: 'taken' }> {
    const events = [...eventsIn(item), ...(event === undefined ? [] : [event.id])];
    if (events.length >= 2 * knownEvents) this.#toForget.set(lease, events.slice(-knownEvents));
    return {
      kind: 'taken',
      state: textOf(item, 'state') ?? '',
      isSuspect: textOf(item, 'lease') !== '',
      intended: item?.intended?.SS ?? [],
    };
  }
}

function keyOf(id: string): string {
  return `connection#${id}`;
}

function shardOf(id: string): string {
  let sum = 0;
  for (let at = 0; at < id.length; at++) sum += id.charCodeAt(at);
  return `connection ${sum % numShards}`;
}

function eventsIn(item: Item | undefined): string[] {
  return item?.events?.L?.flatMap(({ S }) => S ?? []) ?? [];
}

function ifLeased(lease: string, values: Item, names: Record<string, string> = {}) {
  return {
    ConditionExpression: 'lease = :own',
    ExpressionAttributeValues: { ':own': text(lease), ...values },
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  };
}
