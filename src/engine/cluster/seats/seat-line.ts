/** Reports to one other node the seats of the users whose home it is: one message at a time, so in order. */

import * as v from 'valibot';
import type { Cancel, Clock } from '../../ports/clock.js';
import type { Cluster } from '../cluster.js';
import type { SeatClaim } from './seat-ledger.js';

export interface SeatsParts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly cluster: Cluster;
  /** 0: no limit, and nothing is counted. Read at each use. */
  readonly limits: { readonly maxConnectionsPerUser: number };
}

/** Where the line gets what it reports, and delivers the decisions. */
export interface SeatLineEnd {
  /** The current seats of a user; none if the user has another home. */
  claimOf(name: string, home: string): SeatClaim;
  /** Users with that home. */
  namesOf(home: string): Iterable<string>;
  /** The home has decided on a claim. */
  granted(claim: SeatClaim, home: string, granted: number): void;
  /** Users who wait for this home will get no answer. */
  unsure(home: string): void;
}

/** Changes within this time share one message. */
const gatherMs = 5;
/** The longest that new connections wait. */
const claimTimeoutMs = 1_000;
/** Longer, since all users of a node may be a large message. */
const allTimeoutMs = 5_000;
/** Wait after a failed report of everything. */
const pauseMs = 1_000;

const answer = v.union([
  v.object({ granted: v.array(v.pipe(v.number(), v.integer(), v.minValue(0))) }),
  v.object({ isUnknown: v.literal(true) }),
]);

export class SeatLine {
  /** Users whose latest numbers the home does not have. */
  #changed = new Set<string>();
  #isSure = false;
  /** The home was unknown or considered dead until now: its own reports to this node are forgotten. */
  #isNew = true;
  #isBusy = false;
  /** Everything must be reported again after the message that is under way. */
  #isWanted = false;
  #timer: Cancel | undefined;
  /** The line is closed, or the home's version does not count seats. */
  #isOver = false;

  constructor(
    private readonly home: string,
    private readonly parts: SeatsParts,
    private readonly end: SeatLineEnd,
  ) {}

  /** Whether the home has everything except the message under way; if not, its decision is not waited for. */
  get isSure(): boolean {
    return this.#isSure;
  }

  changed(name: string): void {
    this.#changed.add(name);
    this.#sendIn(gatherMs);
  }

  /** Reports everything again. */
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
    this.#timer = this.parts.clock.schedule(() => {
      this.#timer = undefined;
      this.#isBusy = true;
      void this.#send();
    }, delayMs);
  }

  async #send(): Promise<void> {
    const { cluster, limits } = this.parts;
    const { maxConnectionsPerUser: most } = limits;
    const isAll = !this.#isSure;
    const names = isAll ? this.end.namesOf(this.home) : this.#changed;
    const claims = Array.from(names, (name) => this.end.claimOf(name, this.home));
    this.#changed = new Set();
    this.#isWanted = false;
    const told = claims.map(({ user, has, wants }) => [user, has, wants]);
    const deadlineMs = isAll ? allTimeoutMs : claimTimeoutMs;
    const reply = await cluster.ask(
      this.home,
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
        this.end.granted(claim, this.home, parsed.output.granted[index] ?? 0);
      }
      if (this.#isWanted || this.#changed.size > 0) this.#sendIn(gatherMs);
      return;
    }
    this.#isSure = false;
    this.end.unsure(this.home);
    this.#isOver = !reply.ok && reply.reason === 'unknown';
    this.#sendIn(isAll ? pauseMs : gatherMs);
  }
}
