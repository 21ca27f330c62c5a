/**
 * Connections of each user over all nodes, for `limits.maxConnectionsPerUser`. Each user has a home among the nodes, which
 * counts; whoever wants to let the user in asks there first.
 */

import * as v from 'valibot';
import { homeOf, outranks } from './rendezvous.js';
import { type SeatClaim, SeatLedger } from './seat-ledger.js';
import { SeatLine, type SeatLineEnd, type SeatsParts } from './seat-line.js';

interface User {
  home: string;
  /** Connections that are let in. */
  has: number;
  /** Told, in their order, whether they are. */
  readonly waiting: ((isLetIn: boolean) => void)[];
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seatQuestion = v.object({
  most: count,
  /** It is all that the node has. */
  isAll: v.boolean(),
  /** The node has just got to know this one, and remembers nothing of it. */
  isNew: v.boolean(),
  claims: v.array(v.tuple([v.string(), count, count])),
});

export class Seats implements SeatLineEnd {
  readonly #parts: SeatsParts;
  readonly #users = new Map<string, User>();
  readonly #ledger = new SeatLedger();
  /** To the other nodes. */
  readonly #lines = new Map<string, SeatLine>();

  constructor(parts: SeatsParts) {
    this.#parts = parts;
    const { cluster, nodeId } = parts;
    this.#ledger.begin(nodeId);
    cluster.serve('seats', (body, from) => this.#answer(body, from));
    cluster.onJoined((node) => this.#joined(node));
    cluster.onLost((node) => this.#lost(node));
  }

  get most(): number {
    return this.#parts.limits.maxConnectionsPerUser;
  }

  /** Users of this node that are counted somewhere; for tests of what is freed. */
  get numUsers(): number {
    return this.#users.size;
  }

  /** Users that are counted here, for all nodes. */
  get numCounted(): number {
    return this.#ledger.size;
  }

  /**
   * Whether the user may have one more connection; then it is taken until {@link free}. Anonymous clients are nobody in
   * particular. A home that does not answer lets in: the limit is then that of each node.
   */
  take(name: string): boolean | Promise<boolean> {
    const { nodeId } = this.#parts;
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

  /** A connection that was let in is gone. */
  free(name: string): void {
    const user = this.#users.get(name);
    if (user === undefined) return;
    user.has--;
    this.#tell(name, user);
    this.#dropIfEmpty(name, user);
  }

  /** Counts the connections that are there where nobody has counted before, or forgets them where nobody counts any more. */
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
    // What is not known to live would never be known to have died.
    if (!this.#parts.cluster.has(from)) return { isUnknown: true };
    if (isNew) this.#lines.get(from)?.tellAll();
    if (isAll) this.#ledger.begin(from);
    else if (!this.#ledger.knows(from)) return { isUnknown: true };
    return { granted: claims.map(([user, has, wants]) => this.#ledger.claim(from, { user, has, wants }, most)) };
  }

  #userOf(name: string): User {
    let user = this.#users.get(name);
    if (user === undefined) {
      const { nodeId, cluster } = this.#parts;
      user = { home: homeOf(name, nodeId, cluster.ids()), has: 0, waiting: [] };
      this.#users.set(name, user);
    }
    return user;
  }

  #lineTo(home: string): SeatLine {
    let line = this.#lines.get(home);
    if (line === undefined) {
      line = new SeatLine(home, this.#parts, this);
      this.#lines.set(home, line);
    }
    return line;
  }

  /** The home gets to know how many there are. */
  #tell(name: string, { home, has }: User): void {
    const { nodeId } = this.#parts;
    const { most } = this;
    if (home === nodeId) this.#ledger.claim(nodeId, { user: name, has, wants: 0 }, most);
    else this.#lineTo(home).changed(name);
  }

  #move(name: string, user: User, home: string): void {
    const before = user.home;
    // Nobody who could answer them knows all.
    this.#letIn(user, user.waiting.length);
    user.home = home;
    if (before === this.#parts.nodeId) this.#ledger.claim(before, { user: name, has: 0, wants: 0 }, this.most);
    else this.#lines.get(before)?.changed(name);
    this.#tell(name, user);
  }

  #joined(node: string): void {
    if (this.most === 0) return;
    // It may have forgotten what it was told.
    this.#lines.get(node)?.close();
    this.unsure(node);
    this.#lines.set(node, new SeatLine(node, this.#parts, this));
    for (const [name, user] of this.#users) {
      if (user.home !== node && outranks(node, user.home, name)) this.#move(name, user, node);
    }
    this.#lines.get(node)?.tellAll();
  }

  #lost(node: string): void {
    this.#ledger.forget(node);
    this.#lines.get(node)?.close();
    this.#lines.delete(node);
    const { nodeId, cluster } = this.#parts;
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
