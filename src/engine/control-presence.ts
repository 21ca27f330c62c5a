/** Presence for brokers that keep none: each node knows its own subscribers, and asks the others for theirs. */

import * as v from 'valibot';
import type { ChannelName } from '../model/channel-name.js';
import { trustedJsonText } from '../model/json-text.js';
import type { ClientInfo } from '../model/publication.js';
import type { Broker, PresenceStats, PresenceStore } from './broker.js';
import type { Cluster } from './cluster.js';
import type { Hub } from './hub.js';

/** Longest wait for another node. */
const deadlineMs = 2_000;

const json = v.pipe(v.string(), v.transform(trustedJsonText));
const clientInfo = v.object({
  user: v.string(),
  client: v.string(),
  connInfo: v.exactOptional(json),
  chanInfo: v.exactOptional(json),
});
const members = v.array(clientInfo);
const counts = v.object({ numClients: v.pipe(v.number(), v.minValue(0)), users: v.array(v.string()) });

/** What the store works with; a node has it. */
export interface PresenceSources {
  readonly hub: Hub;
  readonly cluster: Cluster;
}

/**
 * Who is subscribed, as the nodes say that are alive and answer in time: the clients of a dead node are not among them.
 * Nothing is stored, so nothing expires.
 */
export class ControlPresence implements PresenceStore {
  constructor(private readonly sources: () => PresenceSources) {}

  async add(): Promise<void> {
    // The subscription is there already.
  }

  async remove(): Promise<void> {
    // The subscription is gone already.
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    const { hub, cluster } = this.sources();
    const answers = await cluster.askAll('presence', { channel, limit }, { deadlineMs });
    const others = answers.flatMap((answer) => {
      const parsed = v.safeParse(members, answer);
      return parsed.success ? parsed.output : [];
    });
    return [...presentIn(hub, channel, limit), ...others].slice(0, limit);
  }

  async stats(channel: ChannelName): Promise<PresenceStats> {
    const { hub, cluster } = this.sources();
    const answers = await cluster.askAll('presence_stats', { channel }, { deadlineMs });
    let { numClients, users } = countPresent(hub, channel);
    const all = new Set(users);
    for (const answer of answers) {
      const parsed = v.safeParse(counts, answer);
      if (!parsed.success) continue;
      numClients += parsed.output.numClients;
      for (const user of parsed.output.users) all.add(user);
    }
    return { numClients, numUsers: all.size };
  }
}

/** This node's part. */
export function presentIn(hub: Hub, channel: ChannelName, limit: number): ClientInfo[] {
  const present: ClientInfo[] = [];
  for (const subscription of hub.subscribersOf(channel)) {
    if (present.length >= limit) break;
    if (subscription.countsAsPresent) present.push(subscription.clientInfo);
  }
  return present;
}

/** This node's part; the users are needed to count them once over all nodes. */
export function countPresent(hub: Hub, channel: ChannelName): { numClients: number; users: string[] } {
  const users = new Set<string>();
  let numClients = 0;
  for (const subscription of hub.subscribersOf(channel)) {
    if (!subscription.countsAsPresent) continue;
    numClients++;
    users.add(subscription.clientInfo.user);
  }
  return { numClients, users: [...users] };
}

/** The broker itself where it keeps presence; otherwise with presence by asking. */
export function withControlPresence(broker: Broker, sources: () => PresenceSources): Broker {
  if (broker.presence !== undefined) return broker;
  const presence = new ControlPresence(sources);
  return new Proxy(broker, {
    get(target, ability) {
      if (ability === 'presence') return presence;
      const value: unknown = Reflect.get(target, ability);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
