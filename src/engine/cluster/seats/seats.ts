/**
 * Connections of each user over all nodes, for `limits.maxConnectionsPerUser`. Each user has a home node, which counts;
 * a node asks the home before it admits a connection of the user.
 */

import * as v from 'valibot';
import { homeOf, outranks } from './rendezvous.js';
import { type SeatClaim, SeatLedger } from './seat-ledger.js';
import { SeatLine, type SeatLineEnd, type SeatsParts } from './seat-line.js';

interface User {
  home: string;
  /** Connections that have a seat. */
  has: number;
  /** Connections that wait for a seat, in order; called with the decision. */
  readonly waiting: ((isLetIn: boolean) => void)[];
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seatQuestion = v.object({
  most: count,
  /** Whether these are all users of the node with this home. */
  isAll: v.boolean(),
  /** The node has just learned of this one, and has forgotten its reports. */
  isNew: v.boolean(),
  claims: v.array(v.tuple([v.string(), count, count])),
});

export class Seats implements SeatLineEnd {
  readonly #users = new Map<string, User>();
  readonly #ledger = new SeatLedger();
  /** To the other nodes, by id. */
  readonly #lines = new Map<string, SeatLine>();

  constructor(private readonly parts: SeatsParts) {
    const { cluster, nodeId } = parts;
    this.#ledger.begin(nodeId);
    cluster.serve('seats', (body, from) => this.#answer(body, from));
    cluster.onJoined((node) => this.#joined(node));
    cluster.onLost((node) => this.#lost(node));
  }

  get most(): number {
    return this.parts.limits.maxConnectionsPerUser;
  }

  /** Users of this node that are counted somewhere; tests check with it that nothing leaks. */
  get numUsers(): number {
    return this.#users.size;
  }

  /** Users that this node counts for all nodes. */
  get numCounted(): number {
    return this.#ledger.size;
  }

  /**
   * Whether the user may have one more connection; if so, its seat is taken until {@link free}. Anonymous clients are
   * not counted. If the home does not answer, the connection is admitted; each node then has a limit of its own.
   */
  take(name: string): boolean | Promise<boolean> {
    const { nodeId } = this.parts;
    const { most } = this;
    if (most === 0 || name === '') return true;
    const user = this.#userOf(name);
    if (user.has + user.waiting.length >= most) return false;
    if (user.home === nodeId) {
      const granted = this.#ledger.claim(nodeId, { user: name, has: user.has, wants: 1 }, most);
      user.has += granted;
      this.#dropIfEmpty(name, user);
      return granted === 1;
    }
    const line = this.#lineTo(user.home);
    if (!line.isSure) {
      user.has++;
      line.changed(name);
      return true;
    }
    const outcome = new Promise<boolean>((resolve) => user.waiting.push(resolve));
    line.changed(name);
    return outcome;
  }

  /** A connection that had a seat has ended. */
  free(name: string): void {
    const user = this.#users.get(name);
    if (user === undefined) return;
    user.has--;
    this.#tell(name, user);
    this.#dropIfEmpty(name, user);
  }

  /** Counts existing connections when the limit is switched on, and forgets all seats when it is switched off. */
  mostChanged(before: number, seated: Iterable<{ readonly seat: string | undefined }>): void {
    if (before > 0 && this.most === 0) {
      for (const [name, user] of this.#users) {
        this.#letIn(user, user.waiting.length);
        user.has = 0;
        this.#tell(name, user);
      }
      this.#users.clear();
    } else if (before === 0) {
      for (const { seat } of seated) {
        if (seat === undefined || seat === '') continue;
        const user = this.#userOf(seat);
        user.has++;
        this.#tell(seat, user);
      }
    }
  }

  close(): void {
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
    for (const user of this.#users.values()) this.#letIn(user, user.waiting.length);
  }

  claimOf(name: string, home: string): SeatClaim {
    const user = this.#users.get(name);
    if (user?.home !== home) return { user: name, has: 0, wants: 0 };
    return { user: name, has: user.has, wants: user.waiting.length };
  }

  *namesOf(home: string): Iterable<string> {
    for (const [name, user] of this.#users) if (user.home === home) yield name;
  }

  granted({ user: name, wants }: SeatClaim, home: string, granted: number): void {
    const user = this.#users.get(name);
    if (user?.home !== home) return;
    this.#letIn(user, Math.min(granted, wants));
    for (const refuse of user.waiting.splice(0, Math.max(0, wants - granted))) refuse(false);
    this.#dropIfEmpty(name, user);
  }

  unsure(home: string): void {
    for (const name of this.namesOf(home)) {
      const user = this.#users.get(name);
      if (user !== undefined) this.#letIn(user, user.waiting.length);
    }
  }

  #answer(body: unknown, from: string): unknown {
    const { most, isAll, isNew, claims } = v.parse(seatQuestion, body);
    // The end of an unknown node would never be noticed, and its seats never be freed.
    if (!this.parts.cluster.has(from)) return { isUnknown: true };
    if (isNew) this.#lines.get(from)?.tellAll();
    if (isAll) this.#ledger.begin(from);
    else if (!this.#ledger.knows(from)) return { isUnknown: true };
    return { granted: claims.map(([user, has, wants]) => this.#ledger.claim(from, { user, has, wants }, most)) };
  }

  #userOf(name: string): User {
    let user = this.#users.get(name);
    if (user === undefined) {
      const { nodeId, cluster } = this.parts;
      user = { home: homeOf(name, nodeId, cluster.ids()), has: 0, waiting: [] };
      this.#users.set(name, user);
    }
    return user;
  }

  #lineTo(home: string): SeatLine {
    let line = this.#lines.get(home);
    if (line === undefined) {
      line = new SeatLine(home, this.parts, this);
      this.#lines.set(home, line);
    }
    return line;
  }

  /** Reports the number of seats to the user's home. */
  #tell(name: string, { home, has }: User): void {
    const { nodeId } = this.parts;
    const { most } = this;
    if (home === nodeId) this.#ledger.claim(nodeId, { user: name, has, wants: 0 }, most);
    else this.#lineTo(home).changed(name);
  }

  #move(name: string, user: User, home: string): void {
    const before = user.home;
    // Neither home can answer them: one is no longer responsible, the other does not know all seats yet.
    this.#letIn(user, user.waiting.length);
    user.home = home;
    if (before === this.parts.nodeId) this.#ledger.claim(before, { user: name, has: 0, wants: 0 }, this.most);
    else this.#lines.get(before)?.changed(name);
    this.#tell(name, user);
  }

  #joined(node: string): void {
    if (this.most === 0) return;
    // The node may have forgotten earlier reports.
    this.#lines.get(node)?.close();
    this.unsure(node);
    this.#lines.set(node, new SeatLine(node, this.parts, this));
    for (const [name, user] of this.#users) {
      if (user.home !== node && outranks(node, user.home, name)) this.#move(name, user, node);
    }
    this.#lines.get(node)?.tellAll();
  }

  #lost(node: string): void {
    this.#ledger.forget(node);
    this.#lines.get(node)?.close();
    this.#lines.delete(node);
    const { nodeId, cluster } = this.parts;
    const others = cluster.ids();
    for (const [name, user] of this.#users) {
      if (user.home === node) this.#move(name, user, homeOf(name, nodeId, others));
    }
  }

  #letIn(user: User, number: number): void {
    for (const admit of user.waiting.splice(0, number)) {
      user.has++;
      admit(true);
    }
  }

  #dropIfEmpty(name: string, user: User): void {
    if (user.has === 0 && user.waiting.length === 0) this.#users.delete(name);
  }
}
