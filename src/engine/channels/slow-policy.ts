/** What becomes of a subscriber whose connection takes no more: the option `slow` of a channel rule. */

import { kindOf } from '../../model/expected.js';

/** As an application writes it. */
export type SlowOption = 'disconnect' | 'latest' | 'recover' | { readonly dropOldest: number };

/**
 * `disconnect`: everything waits in the connection's queue, and when that is full the connection is closed. `latest`:
 * the newest publication of each key waits. `dropOldest`: the newest `size` publications wait. `recover`: nothing is
 * sent, and what was missed is read from the history.
 */
export type SlowPolicy =
  | { readonly kind: 'disconnect' | 'latest' | 'recover' }
  | { readonly kind: 'dropOldest'; readonly size: number };

/** Most publications that `dropOldest` may keep. */
export const maxDropOldest = 10_000;

/** @returns why it is none, if it is a text */
export function slowPolicy(option: unknown): SlowPolicy | string {
  if (option === 'disconnect' || option === 'latest' || option === 'recover') return { kind: option };
  const expected = `slow must be "disconnect", "latest", "recover" or { dropOldest: N } with N from 1 to ${maxDropOldest}`;
  if (typeof option !== 'object' || option === null || Array.isArray(option)) {
    return `${expected}, got ${kindOf(option)}`;
  }
  const { dropOldest, ...others } = option as { readonly dropOldest?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${expected}, got the key ${unknown}`;
  if (typeof dropOldest !== 'number' || !Number.isInteger(dropOldest) || dropOldest < 1 || dropOldest > maxDropOldest) {
    return `${expected}, got ${kindOf(dropOldest)}`;
  }
  return { kind: 'dropOldest', size: dropOldest };
}

export function isSamePolicy(one: SlowPolicy, other: SlowPolicy): boolean {
  return one.kind === other.kind && sizeOf(one) === sizeOf(other);
}

/** As an application writes it. */
export function slowOption(policy: SlowPolicy): SlowOption {
  return policy.kind === 'dropOldest' ? { dropOldest: policy.size } : policy.kind;
}

function sizeOf(policy: SlowPolicy): number {
  return policy.kind === 'dropOldest' ? policy.size : 0;
}
