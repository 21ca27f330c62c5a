/** The people in a room: the answer of presence, corrected by joins and leaves during the call. */

import type { Member } from './messages.js';

export class Roster {
  #members = new Map<string, Member>();
  /** Joins and leaves since presence was called; absent when no call is under way. */
  #changes: Map<string, Member | undefined> | undefined;

  /** The user first, then the others by name. */
  list(self: string | undefined): Member[] {
    const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });
    return [...this.#members.values()].sort((a, b) => {
      if (a.client === self || b.client === self) return a.client === self ? -1 : 1;
      return collator.compare(a.name, b.name) || (a.client < b.client ? -1 : 1);
    });
  }

  get size(): number {
    return this.#members.size;
  }

  /** A call of presence begins. */
  beginSync(): void {
    this.#changes = new Map();
  }

  /** Takes the answer of presence, which may be older than some joins and leaves. */
  endSync(present: readonly Member[]): void {
    this.#members = new Map(present.map((member) => [member.client, member]));
    for (const [client, member] of this.#changes ?? []) {
      if (member === undefined) this.#members.delete(client);
      else this.#members.set(client, member);
    }
    this.#changes = undefined;
  }

  join(member: Member): void {
    this.#members.set(member.client, member);
    this.#changes?.set(member.client, member);
  }

  leave({ client }: Member): void {
    this.#members.delete(client);
    this.#changes?.set(client, undefined);
  }
}
