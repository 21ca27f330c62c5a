/** One connection per user: a newer one closes the older ones, on all nodes. */

import { disconnectCodes } from '../../model/codes.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Clock } from '../ports/clock.js';
import type { Session } from '../sessions/session.js';
import type { Sessions } from '../sessions/sessions.js';

/** A connection that shall be its user's only one. */
export interface NewestConnection {
  readonly user: string;
  readonly client: string;
  /** About the time of the connect, and later than all times that its node knew. */
  readonly atMs: number;
}

interface SingleConnectionPorts {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly sessions: Sessions;
}

/** Longest time for which an order is repeated: until a node that does not answer must be considered dead. */
const repeatMs = 14_000;

/** Why the two options contradict each other; `undefined` if they do not. */
export function singleConnectionConflict(maxConnectionsPerUser: number): string | undefined {
  return maxConnectionsPerUser === 1
    ? 'cannot be with limits.maxConnectionsPerUser: 1, which refuses the newer connection before it could end the older one; remove the limit'
    : undefined;
}

export class SingleConnection {
  /** Both nodes of two connections must find the same one older, so each connection keeps its first time. */
  readonly #since = new WeakMap<Session, number>();
  /** The latest time given or received: so a later connection is the newer one even if clocks differ. */
  #lastMs = 0;

  constructor(
    private readonly ports: SingleConnectionPorts,
    /** While off, users may have any number of connections. */
    public isOn = false,
  ) {}

  /** Called when the client has been admitted. */
  connected(session: Session): void {
    const { clock, cluster } = this.ports;
    const { user, client } = session;
    if (!this.isOn || user === '') return;
    const newest: NewestConnection = { user, client, atMs: Math.max(clock.wallMs(), this.#lastMs + 0.001) };
    this.#since.set(session, newest.atMs);
    this.endOlder(newest);
    void cluster.askAll('order', { do: 'endOlder', ...newest }, { deadlineMs: repeatMs });
  }

  /** Of two connections with the same time, every node must close the same one: the client ids decide. */
  endOlder({ user, client, atMs }: NewestConnection): void {
    if (!this.isOn) return;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    for (const session of this.ports.sessions.ofUser(user)) {
      const since = this.#since.get(session) ?? 0;
      const isOlder = since < atMs || (since === atMs && session.client < client);
      if (isOlder && session.client !== client)
        session.close(disconnectCodes.connectionLimit, 'personal.singleConnection');
    }
  }
}
