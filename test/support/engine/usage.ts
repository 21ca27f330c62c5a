/** What the rules of a node count of its channels at the moment. */

import type { Rule } from '../../../src/engine/channels/rule.js';
import type { Counters } from '../../../src/engine/ports/counters.js';

interface Counted {
  readonly rules: Iterable<Rule>;
  readonly counters: Pick<Counters, 'noRule'>;
}

/** Pattern (empty: of no rule), channels and subscriptions, of those that have any. */
export function usageOf({ rules, counters }: Counted): (readonly [string, number, number])[] {
  const all = [
    ...Array.from(rules, ({ pattern, counts }) => [pattern.text, counts] as const),
    ['', counters.noRule] as const,
  ];
  return all
    .filter(([, { channels, subscriptions }]) => channels !== 0 || subscriptions !== 0)
    .map(([text, { channels, subscriptions }]) => [text, channels, subscriptions] as const);
}
