/** Presence in Redis: entries expire by the server's clock, also those of a dead node. */

import * as v from 'valibot';
import type { PresenceStats, PresenceStore } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { ClientInfo } from '../../model/publication.js';
import { decodeMember, encodeMember } from '../bus-message.js';
import type { Keys } from './keys.js';
import type { Scripts } from './script.js';
import type { Topology } from './topology.js';

const listAnswer = v.array(v.string());
const statsAnswer = v.tuple([v.number(), v.number()]);

export class RedisPresence implements PresenceStore {
  constructor(
    private readonly topology: Topology,
    private readonly scripts: Scripts,
    private readonly keys: Keys,
  ) {}

  async add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void> {
    const member = `${Buffer.byteLength(info.user)}:${info.user}${encodeMember(info)}`;
    await this.#run('presenceAdd', channel, [info.client, member, `${Math.ceil(ttlMs)}`]);
  }

  async remove(channel: ChannelName, client: string): Promise<void> {
    await this.#run('presenceRemove', channel, [client]);
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    if (limit <= 0) return [];
    const members = v.parse(listAnswer, await this.#run('presenceList', channel, [`${limit}`]));
    return members.map(decoded).filter((info) => info !== undefined);
  }

  async stats(channel: ChannelName): Promise<PresenceStats> {
    const [numClients, numUsers] = v.parse(statsAnswer, await this.#run('presenceStats', channel, []));
    return { numClients, numUsers };
  }

  #run(name: keyof Scripts, channel: ChannelName, args: readonly string[]): Promise<unknown> {
    return this.topology.routeOf(channel).run(this.scripts[name], this.keys.presence(channel), args);
  }
}

/** `undefined` for an entry that no node has written. */
function decoded(member: string): ClientInfo | undefined {
  try {
    return decodeMember(afterUser(member));
  } catch {
    return undefined;
  }
}

/** The JSON is after the user, whose length is given in bytes. */
function afterUser(member: string): string {
  const bytes = Buffer.from(member);
  const colon = bytes.indexOf(':');
  return bytes.toString('utf8', colon + 1 + Number(bytes.toString('latin1', 0, colon)));
}
