/** The servers of a Redis Cluster that this node is connected to, or is about to be. */

import type { Cancel, Clock } from '../../engine/ports/clock.js';
import { withTimeLimit } from '../../engine/time/time-limit.js';
import type { Endpoint } from '../server-address.js';
import { endpointName } from './cluster-view.js';
import { redisError } from './failures.js';
import type { Shard } from './shard.js';

export interface Member {
  readonly endpoint: Endpoint;
  readonly shard: Shard;
  /** Settles when the server has been reached for the first time; then removed. */
  opening?: Promise<void>;
  /** Set while the server has no slots and is about to be disconnected. */
  leaving?: Cancel;
}

interface ClusterMembersPorts {
  readonly make: (endpoint: Endpoint, has: (slot: number) => boolean) => Shard;
  readonly clock: Clock;
  /** How long a server without slots is kept, for pending answers. */
  readonly leaveAfterMs: number;
}

export class ClusterMembers {
  /** By the name of their endpoint. */
  readonly #members = new Map<string, Member>();

  constructor(private readonly ports: ClusterMembersPorts) {}

  all(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** @param has whether the server has a slot */
  at(endpoint: Endpoint, has: (slot: number) => boolean): Member {
    const name = endpointName(endpoint);
    const known = this.#members.get(name);
    if (known !== undefined) {
      known.leaving?.();
      delete known.leaving;
      return known;
    }
    const member: Member = { endpoint, shard: this.ports.make(endpoint, has) };
    this.#members.set(name, member);
    member.opening = member.shard.open().then(() => {
      delete member.opening;
    });
    return member;
  }

  /** Waits for a server that is new, but not for one that is down. @throws FanfareError `ERR_BROKER` */
  async reached({ opening, shard }: Member, limitMs: number): Promise<void> {
    if (opening === undefined) return;
    try {
      await withTimeLimit(this.ports.clock, Math.max(0, limitMs), shard.name, opening);
    } catch (error) {
      throw redisError(error);
    }
  }

  leave(member: Member): void {
    const { clock, leaveAfterMs } = this.ports;
    member.leaving ??= clock.schedule(() => {
      this.#members.delete(endpointName(member.endpoint));
      member.shard.close();
    }, leaveAfterMs);
  }

  close(): void {
    for (const { shard, leaving } of this.#members.values()) {
      leaving?.();
      shard.close();
    }
    this.#members.clear();
  }
}
