/** What a node tells one other node about the users whose home that is: one message at a time, so in order. */

import * as v from 'valibot';
import type { Cancel, Clock } from '../../ports/clock.js';
import type { Cluster } from '../cluster.js';
import type { SeatClaim } from './seat-ledger.js';

export interface SeatsParts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** 0: no limit, and nothing is counted. Looked at each time. */
  readonly limits: { readonly maxConnectionsPerUser: number };
}

/** Whose connections are told about. */
export interface SeatLineEnd {
  /** How things are at this moment; nothing of users with another home. */
  claimOf(name: string, home: string): SeatClaim;
  /** Users with that home. */
  namesOf(home: string): Iterable<string>;
  /** The home has decided about a claim. */
  granted(claim: SeatClaim, home: string, granted: number): void;
  /** Nobody who waits will get an answer. */
  unsure(home: string): void;
}

/** What comes within so much time goes in one message. */
const gatherMs = 5;
/** Newcomers do not wait longer. */
const claimTimeoutMs = 1_000;
/** All of a node's users may be much to tell. */
const allTimeoutMs = 5_000;
/** After a failure. */
const pauseMs = 1_000;

const answer = v.union([
  v.object({ granted: v.array(v.pipe(v.number(), v.integer(), v.minValue(0))) }),
  v.object({ isUnknown: v.literal(true) }),
]);

export class SeatLine {
  readonly #home: string;
  readonly #parts: SeatsParts;
  readonly #end: SeatLineEnd;
  /** Users about whom the home does not know the newest. */
  #changed = new Set<string>();
  #isSure = false;
  /** The home was not heard of before, or taken for dead: what it has told is forgotten. */
  #isNew = true;
  #isBusy = false;
  /** What is on its way is not enough. */
  #isWanted = false;
  #timer: Cancel | undefined;
  /** The home is of a version that does not count, or there is no line any more. */
  #isOver = false;

  constructor(home: string, parts: SeatsParts, end: SeatLineEnd) {
    this.#home = home;
    this.#parts = parts;
    this.#end = end;
  }

  /** The home knows all that it has to, but for what is on its way; otherwise it is not worth asking. */
  get isSure(): boolean {
    return this.#isSure;
  }

  changed(name: string): void {
    this.#changed.add(name);
    this.#sendIn(gatherMs);
  }

  /** Begins anew. */
  tellAll(): void {
    this.#isSure = false;
    this.#isWanted = true;
    this.#sendIn(gatherMs);
  }

  close(): void {
    this.#isOver = true;
    this.#timer?.();
    this.#changed.clear();
  }

  #sendIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#isBusy || this.#isOver) return;
    this.#timer = this.#parts.clock.schedule(() => {
      this.#timer = undefined;
      this.#isBusy = true;
      void this.#send();
    }, delayMs);
  }

  async #send(): Promise<void> {
    const { cluster, limits } = this.#parts;
    const { maxConnectionsPerUser: most } = limits;
    const isAll = !this.#isSure;
    const names = isAll ? this.#end.namesOf(this.#home) : this.#changed;
    const claims = Array.from(names, (name) => this.#end.claimOf(name, this.#home));
    this.#changed = new Set();
    this.#isWanted = false;
    const told = claims.map(({ user, has, wants }) => [user, has, wants]);
    const deadlineMs = isAll ? allTimeoutMs : claimTimeoutMs;
    const reply = await cluster.ask(
      this.#home,
      'seats',
      { most, isAll, isNew: this.#isNew, claims: told },
      { deadlineMs },
    );
    this.#isBusy = false;
    if (this.#isOver) return;
    const parsed = reply.ok ? v.safeParse(answer, reply.body) : undefined;
    if (parsed?.success === true && 'granted' in parsed.output) {
      this.#isSure = !this.#isWanted;
      this.#isNew = false;
      for (const [index, claim] of claims.entries()) {
        this.#end.granted(claim, this.#home, parsed.output.granted[index] ?? 0);
      }
      if (this.#isWanted || this.#changed.size > 0) this.#sendIn(gatherMs);
      return;
    }
    this.#isSure = false;
    this.#end.unsure(this.#home);
    this.#isOver = !reply.ok && reply.reason === 'unknown';
    this.#sendIn(isAll ? pauseMs : gatherMs);
  }
}
