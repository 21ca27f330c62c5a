/** The connections of some users on all nodes, as counted by their home, this node. */

/** Connections of one user to one node: those it has, and those that ask for a seat. */
export interface SeatClaim {
  readonly user: string;
  readonly has: number;
  readonly wants: number;
}

export class SeatLedger {
  /** By user, then by node. */
  readonly #users = new Map<string, Map<string, number>>();
  /** Nodes that have reported all their users, with these users. */
  readonly #nodes = new Map<string, Set<string>>();

  /** Number of users that are counted. */
  get size(): number {
    return this.#users.size;
  }

  /** Whether the node has reported everything, so that changes suffice. */
  knows(node: string): boolean {
    return this.#nodes.has(node);
  }

  /** Starts again with a node that is about to report everything. */
  begin(node: string): void {
    this.forget(node);
    this.#nodes.set(node, new Set());
  }

  /** A node has gone, and its connections with it. */
  forget(node: string): void {
    for (const user of [...(this.#nodes.get(node) ?? [])]) this.#set(user, node, 0);
    this.#nodes.delete(node);
  }

  /** Returns how many of the wanted seats are granted: at most `most` over all nodes. Seats that are taken stay. */
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
