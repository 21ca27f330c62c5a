/** All sessions of this node, by connection and by user. */

import type { Counters } from '../ports/counters.js';
import type { EngineLimits } from '../ports/limits.js';
import { hasLimits, type RatePlan, Rates, ratesOfUser } from './rates.js';
import type { Session } from './session.js';

/** A user with connections here: most have one session, which needs no set. */
interface User {
  sessions: Session | Set<Session>;
  /** Shared by the sessions; absent if users have no limits of their own. */
  rates: Rates | undefined;
}

export class Sessions {
  /** Not connected yet. */
  readonly #newcomers = new Set<Session>();
  readonly #byClient = new Map<string, Session>();
  readonly #byUser = new Map<string, User>();
  readonly #byTransport = new Map<string, number>();

  #lastNumber = 0;
  readonly #counters: Counters;
  #userRates: RatePlan;

  constructor(limits: EngineLimits, counters: Counters) {
    this.#counters = counters;
    this.#userRates = ratesOfUser(limits, counters);
  }

  /** Applies changed rates of users, with full buckets. */
  limitsChanged(limits: EngineLimits): void {
    this.#userRates = ratesOfUser(limits, this.#counters);
    for (const user of this.#byUser.values()) user.rates = this.#newRates();
  }

  /** The rates that a user's connections share. */
  ratesOf(user: string): Rates | undefined {
    return user === '' ? undefined : this.#byUser.get(user)?.rates;
  }

  /** Open connections, authenticated or not. */
  get size(): number {
    return this.#newcomers.size + this.#byClient.size;
  }

  /** {@link size} by the name of the transport. */
  get sizeByTransport(): ReadonlyMap<string, number> {
    return this.#byTransport;
  }

  /** Bytes that wait for slow connections, over all of them and for the slowest: a walk over all. */
  queues(): { readonly sum: number; readonly largest: number } {
    let sum = 0;
    let largest = 0;
    for (const sessions of [this.#byClient.values(), this.#newcomers]) {
      for (const { outbox } of sessions) {
        sum += outbox.queuedBytes;
        largest = Math.max(largest, outbox.queuedBytes);
      }
    }
    return { sum, largest };
  }

  /** Connected clients. */
  get numClients(): number {
    return this.#byClient.size;
  }

  /** Different users among the connected clients; all anonymous clients count as one. */
  get numUsers(): number {
    return this.#byUser.size;
  }

  add(session: Session): void {
    this.#newcomers.add(session);
    this.#count(session, 1);
  }

  /** The session's user is known. Returns the rates that it shares with the user's other connections. */
  connected(session: Session): Rates | undefined {
    this.#newcomers.delete(session);
    this.#byClient.set(session.client, session);
    let user = this.#byUser.get(session.user);
    if (user === undefined) {
      user = { sessions: session, rates: this.#newRates() };
      this.#byUser.set(session.user, user);
    } else if (user.sessions instanceof Set) user.sessions.add(session);
    else user.sessions = new Set([user.sessions, session]);
    return session.user === '' ? undefined : user.rates;
  }

  #newRates(): Rates | undefined {
    return hasLimits(this.#userRates) ? new Rates(this.#userRates) : undefined;
  }

  /** Once. */
  remove(session: Session, wasConnected: boolean): void {
    this.#newcomers.delete(session);
    this.#count(session, -1);
    if (!wasConnected) return;
    this.#byClient.delete(session.client);
    const user = this.#byUser.get(session.user);
    if (user?.sessions instanceof Set) user.sessions.delete(session);
    if (user?.sessions === session || numSessions(user) === 0) this.#byUser.delete(session.user);
  }

  #count({ transport }: Session, by: 1 | -1): void {
    this.#byTransport.set(transport, (this.#byTransport.get(transport) ?? 0) + by);
  }

  /** Of the next session that is let in. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  /** Connected clients by their number; the list may change meanwhile. */
  clients(): IterableIterator<Session> {
    return this.#byClient.values();
  }

  byClient(client: string): Session | undefined {
    return this.#byClient.get(client);
  }

  /** A copy, so that sessions can be closed during iteration. */
  ofUser(user: string): Session[] {
    const sessions = this.#byUser.get(user)?.sessions;
    if (sessions instanceof Set) return [...sessions];
    return sessions === undefined ? [] : [sessions];
  }

  /** A copy of all, connected or not. */
  all(): Session[] {
    return [...this.#byClient.values(), ...this.#newcomers];
  }
}

function numSessions(user: User | undefined): number {
  if (user?.sessions instanceof Set) return user.sessions.size;
  return user === undefined ? 0 : 1;
}
