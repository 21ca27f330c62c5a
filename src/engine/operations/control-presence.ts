/** Presence for brokers that keep none: each node knows its own subscribers, and asks the other nodes for theirs. */

import * as v from 'valibot';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo } from '../../model/publication.js';
import { clientInfoSchema } from '../channels/publication-schemas.js';
import type { Cluster } from '../cluster/cluster.js';
import type { BrokerHealth } from '../fanout/broker-health.js';
import type { Hub } from '../fanout/hub.js';
import type { Broker, PresenceStats, PresenceStore } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import { withTimeLimit } from '../time/time-limit.js';

/** Longest wait for the answers of other nodes. */
const deadlineMs = 2_000;
/** Longest wait for the probe that follows when answers are missing. */
const probeLimitMs = 2_000;
/** Silence of the broker that makes missing answers doubtful. */
const doubtfulSilenceMs = 4_000;

const members = v.array(clientInfoSchema);
const counts = v.object({ numClients: v.pipe(v.number(), v.minValue(0)), users: v.array(v.string()) });

export interface ControlPresencePorts {
  readonly broker: Pick<Broker, 'probe'>;
  readonly clock: Clock;
  readonly hub: Hub;
  readonly cluster: Cluster;
  readonly brokerHealth: Pick<BrokerHealth, 'silenceWithin'>;
}

/**
 * The subscribers that living nodes report in time; clients of a dead node are not among them. Nothing is stored, so
 * nothing expires. A node that is cut off cannot know, and throws.
 */
export class ControlPresence implements PresenceStore {
  constructor(private readonly ports: ControlPresencePorts) {}

  async add(): Promise<void> {
    // The subscription itself is the entry.
  }

  async remove(): Promise<void> {
    // The entry has gone with the subscription.
  }

  async list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]> {
    const { hub } = this.ports;
    const answers = await this.#askAll('presence', { channel, limit });
    const others = answers.flatMap((answer) => {
      const parsed = v.safeParse(members, answer);
      return parsed.success ? parsed.output : [];
    });
    return [...presentIn(hub, channel, limit), ...others].slice(0, limit);
  }

  async stats(channel: ChannelName): Promise<PresenceStats> {
    const { hub } = this.ports;
    const answers = await this.#askAll('presence_stats', { channel });
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

  /** @throws FanfareError `ERR_BROKER` when this node is the one that is cut off from the broker */
  async #askAll(about: string, body: unknown): Promise<unknown[]> {
    const { cluster, clock, broker, brokerHealth } = this.ports;
    const numAsked = cluster.size;
    const answers = await cluster.askAll(about, body, { deadlineMs });
    if (answers.length >= numAsked || broker.probe === undefined) return answers;
    const text = 'the others cannot be asked who is present';
    // A question or an answer may have been lost while the broker was silent, even if it works again.
    if (brokerHealth.silenceWithin(deadlineMs) > doubtfulSilenceMs) throw new FanfareError('ERR_BROKER', text);
    try {
      await withTimeLimit(clock, probeLimitMs, 'broker probe', broker.probe());
    } catch (cause) {
      throw new FanfareError('ERR_BROKER', text, { cause });
    }
    return answers;
  }
}

/** The present clients of this node. */
export function presentIn(hub: Hub, channel: ChannelName, limit: number): ClientInfo[] {
  const present: ClientInfo[] = [];
  for (const subscription of hub.subscribersOf(channel)) {
    if (present.length >= limit) break;
    if (subscription.countsAsPresent) present.push(subscription.clientInfo);
  }
  return present;
}

/** Those of this node; with the users, so that each is counted once over all nodes. */
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
