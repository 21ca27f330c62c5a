/** One connection for each user: a newer one ends those before, on all nodes. */

import { disconnectCodes } from '../../model/codes.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Clock } from '../ports/clock.js';
import type { Session } from '../sessions/session.js';
import type { Sessions } from '../sessions/sessions.js';

/** A connection that is to be its user's only one. */
export interface NewestConnection {
  readonly user: string;
  readonly client: string;
  /** Later than that of all that its node knew of, and about the time at which it was let in. */
  readonly atMs: number;
}

interface SingleConnectionParts {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly sessions: Sessions;
}

/** Others are told for longer than that: until one of them that does not answer must have been given up. */
const repeatMs = 14_000;

/** What speaks against it. */
export function singleConnectionConflict(maxConnectionsPerUser: number): string | undefined {
  return maxConnectionsPerUser === 1
    ? 'cannot be with limits.maxConnectionsPerUser: 1, which refuses the newer connection before it could end the older one; remove the limit'
    : undefined;
}

export class SingleConnection {
  readonly #parts: SingleConnectionParts;
  /** Both nodes of a pair of connections must find the same one older, so each keeps the time that it was given. */
  readonly #since = new WeakMap<Session, number>();
  /** The latest that this node has given or been told of: clocks that differ do not make what comes later older. */
  #lastMs = 0;

  constructor(parts: SingleConnectionParts) {
    this.#parts = parts;
  }

  /** The client has been let in. */
  connected(session: Session): void {
    const { clock, cluster } = this.#parts;
    const { user, client } = session;
    if (user === '') return;
    const newest: NewestConnection = { user, client, atMs: Math.max(clock.wallMs(), this.#lastMs + 0.001) };
    this.#since.set(session, newest.atMs);
    this.endOlder(newest);
    void cluster.askAll('order', { do: 'endOlder', ...newest }, { deadlineMs: repeatMs });
  }

  /** Of two that came at the same moment each node must end the same one: the names decide. */
  endOlder({ user, client, atMs }: NewestConnection): void {
    this.#lastMs = Math.max(this.#lastMs, atMs);
    for (const session of this.#parts.sessions.ofUser(user)) {
      const since = this.#since.get(session) ?? 0;
      const isOlder = since < atMs || (since === atMs && session.client < client);
      if (isOlder && session.client !== client)
        session.close(disconnectCodes.connectionLimit, 'personal.singleConnection');
    }
  }
}
