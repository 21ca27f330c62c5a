/** Goes through the subscriptions in pieces after the rules were replaced, and settles those whose rule has changed. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Rule } from '../channels/rule.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Hub } from './hub.js';
import type { Subscription } from './subscription.js';

/** Pause between two pieces: other clients need the node, and clients that are told subscribe again at once. */
const pauseMs = 10;
/** Size of a piece: checking a channel counts one, settling a subscription ten. That is 10,000 of them a second. */
const costOfPiece = 1_000;
const costOfSettling = 10;
/** Most functions of the application that are called at the same time. */
const maxAsked = 16;

interface RuleChangesParts {
  readonly clock: Clock;
  readonly hub: Hub;
  /** By the current rules. */
  readonly ruleOf: (channel: ChannelName) => Rule | undefined;
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

  /** The rules have changed. What was not checked yet against the earlier rules is checked against these. */
  begin(): void {
    this.#stale = this.#findStale();
    this.#questions.length = 0;
    this.#timer?.();
    this.#step();
  }

  /** A subscription is established; the rules may have been replaced while it was requested. */
  check(subscription: Subscription): void {
    if (this.#parts.ruleOf(subscription.channel) !== subscription.rule) subscription.owner.ruleChanged(subscription);
  }

  /** Asks the application when few other questions are under way. It must not reject. */
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

  /** Yields `undefined` after each channel, so that the caller can pause. New subscriptions have the new rules. */
  *#findStale(): Generator<Subscription | undefined> {
    const { hub, ruleOf } = this.#parts;
    for (const { name } of [...hub.channels()]) {
      yield undefined;
      const rule = ruleOf(name);
      for (const subscription of [...hub.subscribersOf(name)]) if (subscription.rule !== rule) yield subscription;
    }
  }

  async #askNext(): Promise<void> {
    this.#numAsked++;
    for (let ask = this.#questions.shift(); ask !== undefined; ask = this.#questions.shift()) await ask();
    this.#numAsked--;
  }
}
