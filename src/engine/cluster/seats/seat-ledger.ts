/** What this node, as the home of some users, knows of their connections to all nodes. */

/** Connections of one user to one node: those that are there, and those that ask to be let in. */
export interface SeatClaim {
  readonly user: string;
  readonly has: number;
  readonly wants: number;
}

export class SeatLedger {
  /** By user, then by node. */
  readonly #users = new Map<string, Map<string, number>>();
  /** Nodes that have told everything, with the users that each has. */
  readonly #nodes = new Map<string, Set<string>>();

  /** Users that are counted. */
  get size(): number {
    return this.#users.size;
  }

  /** Whether the node has told all that it has, so that changes are enough. */
  knows(node: string): boolean {
    return this.#nodes.has(node);
  }

  /** Begins anew with a node, which is about to tell all that it has. */
  begin(node: string): void {
    this.forget(node);
    this.#nodes.set(node, new Set());
  }

  /** A node has gone, and its connections with it. */
  forget(node: string): void {
    for (const user of [...(this.#nodes.get(node) ?? [])]) this.#set(user, node, 0);
    this.#nodes.delete(node);
  }

  /** Returns how many of those that ask may come in: not more than `most` over all nodes. Those that are in stay. */
  claim(node: string, { user, has, wants }: SeatClaim, most: number): number {
    let taken = has;
    for (const [other, count] of this.#users.get(user) ?? []) if (other !== node) taken += count;
    const granted = Math.max(0, Math.min(wants, most - taken));
    this.#set(user, node, has + granted);
    return granted;
  }

  #set(user: string, node: string, count: number): void {
    const byNode = this.#users.get(user);
    const ofNode = this.#nodes.get(node);
    if (count > 0) {
      if (byNode === undefined) this.#users.set(user, new Map([[node, count]]));
      else byNode.set(node, count);
      ofNode?.add(user);
      return;
    }
    ofNode?.delete(user);
    if (byNode?.delete(node) === true && byNode.size === 0) this.#users.delete(user);
  }
}
