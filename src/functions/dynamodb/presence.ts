/** Presence in DynamoDB: an item for each client of a channel. */

import { decodeMember, encodeMember } from '../../brokers/bus-message.js';
import type { PresenceStats, PresenceStore } from '../../engine/ports/broker.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { ClientInfo } from '../../model/publication.js';
import { goneAt, type Item, number, type Table, text, textOf } from './table.js';

export class DynamoDbPresence implements PresenceStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  async add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void> {
    const untilMs = this.clock.wallMs() + ttlMs;
    await this.table.put({
      pk: text(presenceKey(channel)),
      sk: text(info.client),
      info: text(encodeMember(info)),
      user: text(info.user),
      until: number(untilMs),
      gone: goneAt(untilMs),
    });
  }

  async remove(channel: ChannelName, client: string): Promise<void> {
    await this.table.delete(presenceKey(channel), client);
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    if (limit <= 0) return [];
    const items = await this.table.query(this.#present(channel), limit);
    return items.flatMap((item) => memberIn(item) ?? []);
  }

  /** Reads the entries of all clients. */
  async stats(channel: ChannelName): Promise<PresenceStats> {
    const items = await this.table.query(this.#present(channel));
    return { numClients: items.length, numUsers: new Set(items.map((item) => textOf(item, 'user'))).size };
  }

  #present(channel: ChannelName) {
    return {
      KeyConditionExpression: 'pk = :pk',
      FilterExpression: '#until > :now',
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: { ':pk': text(presenceKey(channel)), ':now': number(this.clock.wallMs()) },
      ConsistentRead: true,
    };
  }
}

function presenceKey(channel: ChannelName): string {
  return `presence#${channel}`;
}

/** `undefined` for an entry that no function has written. */
function memberIn(item: Item): ClientInfo | undefined {
  try {
    return decodeMember(textOf(item, 'info') ?? '');
  } catch {
    return undefined;
  }
}
