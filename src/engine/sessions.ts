/** All sessions of this node, by connection and by user. */

import type { Counters } from './counters.js';
import type { EngineLimits } from './limits.js';
import { type RatePlan, Rates, ratesOfUser } from './rates.js';
import type { Session } from './session.js';

/** A user that is here. */
interface User {
  readonly sessions: Set<Session>;
  readonly rates: Rates;
}

export class Sessions {
  /** Not connected yet. */
  readonly #newcomers = new Set<Session>();
  readonly #byClient = new Map<string, Session>();
  readonly #byUser = new Map<string, User>();

  readonly #maxConnectionsPerUser: number;
  readonly #userRates: RatePlan;

  constructor(limits: EngineLimits, counters: Counters) {
    this.#maxConnectionsPerUser = limits.maxConnectionsPerUser;
    this.#userRates = ratesOfUser(limits, counters);
  }

  /** Open connections, authenticated or not. */
  get size(): number {
    return this.#newcomers.size + this.#byClient.size;
  }

  /** Connected clients. */
  get numClients(): number {
    return this.#byClient.size;
  }

  /** Different users among the connected clients; all anonymous ones are one. */
  get numUsers(): number {
    return this.#byUser.size;
  }

  add(session: Session): void {
    this.#newcomers.add(session);
  }

  /** Whether the user may have one more connection. Anonymous clients are nobody in particular. */
  hasRoomFor(user: string): boolean {
    const most = this.#maxConnectionsPerUser;
    return most === 0 || user === '' || (this.#byUser.get(user)?.sessions.size ?? 0) < most;
  }

  /** The session knows who its user is. Returns the rates that it shares with the user's other connections. */
  connected(session: Session): Rates | undefined {
    this.#newcomers.delete(session);
    this.#byClient.set(session.client, session);
    let user = this.#byUser.get(session.user);
    if (user === undefined) {
      user = { sessions: new Set(), rates: new Rates(this.#userRates) };
      this.#byUser.set(session.user, user);
    }
    user.sessions.add(session);
    return session.user === '' ? undefined : user.rates;
  }

  remove(session: Session, wasConnected: boolean): void {
    this.#newcomers.delete(session);
    if (!wasConnected) return;
    this.#byClient.delete(session.client);
    const user = this.#byUser.get(session.user);
    user?.sessions.delete(session);
    if (user?.sessions.size === 0) this.#byUser.delete(session.user);
  }

  byClient(client: string): Session | undefined {
    return this.#byClient.get(client);
  }

  /** A copy: closing them while walking over it is safe. */
  ofUser(user: string): Session[] {
    return [...(this.#byUser.get(user)?.sessions ?? [])];
  }

  /** A copy of all, connected or not. */
  all(): Session[] {
    return [...this.#byClient.values(), ...this.#newcomers];
  }
}
