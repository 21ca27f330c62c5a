/**
 * One subscriber of a channel without history. Nobody can tell it what it has missed, so what is checked is less: no
 * value that was not sent, none twice, none before one that was acknowledged before it was sent, and none missing that
 * was acknowledged while it was subscribed and nothing was wrong between its node and the broker.
 */

import type { Violation } from '../history.js';
import type { FollowerParts } from './stream-follower.js';

/** A publication that it must have had after a while. */
interface Owed {
  readonly value: string;
  readonly ackedMs: number;
}

export class LiveFollower {
  readonly #name: string;
  /** With the subscriptions in which they came, counted from 1. */
  readonly #got = new Map<string, number>();
  #numSubscriptions = 0;
  #owed: Owed[] = [];
  /** Of those that came, the one that was sent last. */
  #newestInvokedMs = Number.NEGATIVE_INFINITY;
  #subscribedMs: number | undefined;

  constructor(
    readonly channel: string,
    readonly subscriber: string,
    private readonly parts: FollowerParts,
  ) {
    this.#name = `${subscriber} in ${channel}`;
  }

  subscribed(atMs: number): void {
    this.#subscribedMs = atMs;
    this.#numSubscriptions++;
  }

  /** Whatever comes while it is away is lost to it, and it knows. */
  away(): void {
    this.#subscribedMs = undefined;
    this.#owed = [];
  }

  delivered(value: string, atMs: number): void {
    const { ledger, limits, mayMiss } = this.parts;
    const sent = ledger.of(value);
    if (sent === undefined || sent.channel !== this.channel) {
      this.#report('G1', atMs, `${this.#name} got ${value}, which nobody has published there`);
      return;
    }
    const before = this.#got.get(value);
    this.#got.set(value, this.#numSubscriptions);
    // Without a history nobody remembers keys: an attempt that was repeated may be there twice.
    if (sent.attempts > 1) return;
    const mayBeLate = mayMiss(this.subscriber, sent.invokedMs, atMs);
    // Its node of now may get late what that of before has got.
    if (before === this.#numSubscriptions || (before !== undefined && !mayBeLate)) {
      this.#report('G3', atMs, `${this.#name} got ${value} twice`);
    }
    if (sent.ackedMs !== undefined && sent.ackedMs + limits.slackMs < this.#newestInvokedMs && !mayBeLate) {
      this.#report('G1', atMs, `${this.#name} got ${value} after one that was sent when it had been acknowledged`);
    }
    this.#newestInvokedMs = Math.max(this.#newestInvokedMs, sent.invokedMs);
  }

  /** Somebody was told that it is published. */
  acknowledged(value: string, invokedMs: number, ackedMs: number): void {
    if (this.#subscribedMs === undefined || this.#subscribedMs > invokedMs) return;
    this.#owed.push({ value, ackedMs });
  }

  checkOverdue(nowMs: number): void {
    const { limits } = this.parts;
    while (this.#owed[0] !== undefined && nowMs - this.#owed[0].ackedMs >= limits.signalMs + limits.slackMs) {
      this.#check(this.#owed[0], nowMs);
      this.#owed.shift();
    }
  }

  isBehind(acknowledgedBeforeMs: number): boolean {
    if (this.#subscribedMs === undefined) return true;
    return this.#owed.some(
      (owed) => owed.ackedMs < acknowledgedBeforeMs && !this.#got.has(owed.value) && this.#isDue(owed),
    );
  }

  checkSettled(nowMs: number, acknowledgedBeforeMs: number): void {
    for (const owed of this.#owed) if (owed.ackedMs < acknowledgedBeforeMs) this.#check(owed, nowMs);
    this.#owed = this.#owed.filter(({ ackedMs }) => ackedMs >= acknowledgedBeforeMs);
    if (this.#subscribedMs === undefined) {
      this.#report('G2', nowMs, `${this.#name} is not subscribed again, though nothing is wrong any more`);
    }
  }

  #check(owed: Owed, nowMs: number): void {
    if (this.#got.has(owed.value) || !this.#isDue(owed)) return;
    this.#report('G2', nowMs, `${this.#name} has not got ${owed.value}, though nothing was wrong`);
  }

  /** Nothing was wrong on the way to it. */
  #isDue({ value, ackedMs }: Owed): boolean {
    const { ledger, limits, mayMiss } = this.parts;
    const invokedMs = ledger.of(value)?.invokedMs ?? ackedMs;
    return !mayMiss(this.subscriber, invokedMs - limits.readinessMs, ackedMs + limits.readinessMs);
  }

  #report(line: Violation['line'], atMs: number, text: string): void {
    this.parts.report(line, atMs, text);
  }
}
