/** All sessions of this node, by connection and by user. */

import type { Session } from './session.js';

export class Sessions {
  readonly #all = new Set<Session>();
  readonly #byClient = new Map<string, Session>();
  readonly #byUser = new Map<string, Set<Session>>();

  /** Open connections, authenticated or not. */
  get size(): number {
    return this.#all.size;
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
    this.#all.add(session);
  }

  /** The session knows who its user is. */
  connected(session: Session): void {
    this.#byClient.set(session.client, session);
    const ofUser = this.#byUser.get(session.user);
    if (ofUser === undefined) this.#byUser.set(session.user, new Set([session]));
    else ofUser.add(session);
  }

  remove(session: Session, wasConnected: boolean): void {
    this.#all.delete(session);
    if (!wasConnected) return;
    this.#byClient.delete(session.client);
    const ofUser = this.#byUser.get(session.user);
    ofUser?.delete(session);
    if (ofUser?.size === 0) this.#byUser.delete(session.user);
  }

  byClient(client: string): Session | undefined {
    return this.#byClient.get(client);
  }

  /** A copy: closing them while walking over it is safe. */
  ofUser(user: string): Session[] {
    return [...(this.#byUser.get(user) ?? [])];
  }

  /** A copy of all, in the order of their arrival. */
  all(): Session[] {
    return [...this.#all];
  }
}
