/** Goes through the subscriptions when the rules have been replaced, in pieces, and settles those whose rule is another. */

import type { ChannelRules } from '../channels/rules.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Hub } from './hub.js';
import type { Subscription } from './subscription.js';

/** Between two pieces: others have to be served, and those that are told come back at once. */
const pauseMs = 10;
/** Of a piece: a channel that is looked at counts one, a subscription that is settled ten. 10,000 of them a second. */
const costOfPiece = 1_000;
const costOfSettling = 10;
/** Functions of the application's that are asked at the same time. */
const maxAsked = 16;

/** What it works with; a node has it. */
interface RuleChangesParts {
  readonly clock: Clock;
  readonly hub: Hub;
  readonly rules: ChannelRules;
}

export class RuleChanges {
  readonly #parts: RuleChangesParts;
  #stale: Iterator<Subscription | undefined> | undefined;
  #timer: Cancel | undefined;
  #numAsked = 0;
  readonly #questions: (() => Promise<void>)[] = [];

  constructor(parts: RuleChangesParts) {
    this.#parts = parts;
  }

  /** There are other rules. Whatever was still to be looked at for those before is looked at for these. */
  begin(): void {
    this.#stale = this.#findStale();
    this.#questions.length = 0;
    this.#timer?.();
    this.#step();
  }

  /** A subscription has come about; while it was asked for, the rules may have been replaced. */
  check(subscription: Subscription): void {
    const { hub, rules } = this.#parts;
    const rule = hub.match(subscription.channel, rules)?.rule;
    if (rule !== subscription.rule) subscription.owner.ruleChanged(subscription);
  }

  /** Runs a question to the application when few others are under way. It must not reject. */
  ask(question: () => Promise<void>): void {
    this.#questions.push(question);
    if (this.#numAsked < maxAsked) void this.#askNext();
  }

  close(): void {
    this.#timer?.();
    this.#stale = undefined;
    this.#questions.length = 0;
  }

  readonly #step = (): void => {
    this.#timer = undefined;
    for (let cost = 0; cost < costOfPiece; ) {
      const next = this.#stale?.next();
      if (next === undefined || next.done === true) {
        this.#stale = undefined;
        return;
      }
      cost += next.value === undefined ? 1 : costOfSettling;
      next.value?.owner.ruleChanged(next.value);
    }
    this.#timer = this.#parts.clock.schedule(this.#step, pauseMs);
  };

  /** With `undefined` for each channel, so that its caller can rest. Newcomers have been granted under the new rules. */
  *#findStale(): Generator<Subscription | undefined> {
    const { hub, rules } = this.#parts;
    for (const { name } of [...hub.channels()]) {
      yield undefined;
      const rule = hub.match(name, rules)?.rule;
      for (const subscription of [...hub.subscribersOf(name)]) if (subscription.rule !== rule) yield subscription;
    }
  }

  async #askNext(): Promise<void> {
    this.#numAsked++;
    for (let ask = this.#questions.shift(); ask !== undefined; ask = this.#questions.shift()) await ask();
    this.#numAsked--;
  }
}
