/** Filters by tags, in words instead of the protocol's tree, so that a wrong one does not compile. */

import { ClientError } from './client-error.js';

/** Which messages of a channel the server sends; made by {@link tag}, {@link allOf}, {@link anyOf} and {@link not}. */
export interface TagFilter {
  readonly op?: 'and' | 'or' | 'not';
  readonly key?: string;
  readonly cmp?: 'eq' | 'neq' | 'in' | 'nin' | 'ex' | 'nex' | 'sw' | 'ew' | 'ct' | 'lt' | 'lte' | 'gt' | 'gte';
  readonly val?: string;
  readonly vals?: readonly string[];
  readonly nodes?: readonly TagFilter[];
}

/** The comparisons of one tag. A message without it passes `isNot`, `isNoneOf` and `isAbsent` alone. */
export interface TagComparisons {
  is(value: string): TagFilter;
  isNot(value: string): TagFilter;
  isOneOf(...values: readonly string[]): TagFilter;
  isNoneOf(...values: readonly string[]): TagFilter;
  exists(): TagFilter;
  isAbsent(): TagFilter;
  startsWith(text: string): TagFilter;
  endsWith(text: string): TagFilter;
  contains(text: string): TagFilter;
  /** Of a tag that is a decimal number; other tags do not pass. As text, a number may have more digits than a double. */
  isBelow(bound: number | string): TagFilter;
  isAtMost(bound: number | string): TagFilter;
  isAbove(bound: number | string): TagFilter;
  isAtLeast(bound: number | string): TagFilter;
}

/**
 * A tag of messages, to compare. The channel's rule has to name it in `filterTags`.
 *
 * @example client.channel('match:7', { filter: tag('kind').isOneOf('goal', 'card') });
 */
export function tag(key: string): TagComparisons {
  const test = (cmp: NonNullable<TagFilter['cmp']>) => (val: string) => ({ key, cmp, val });
  const listed =
    (cmp: NonNullable<TagFilter['cmp']>) =>
    (...vals: readonly string[]) => ({ key, cmp, vals });
  const bounded = (cmp: NonNullable<TagFilter['cmp']>) => (bound: number | string) => ({
    key,
    cmp,
    val: decimal(bound),
  });
  return {
    is: test('eq'),
    isNot: test('neq'),
    isOneOf: listed('in'),
    isNoneOf: listed('nin'),
    exists: () => ({ key, cmp: 'ex' }),
    isAbsent: () => ({ key, cmp: 'nex' }),
    startsWith: test('sw'),
    endsWith: test('ew'),
    contains: test('ct'),
    isBelow: bounded('lt'),
    isAtMost: bounded('lte'),
    isAbove: bounded('gt'),
    isAtLeast: bounded('gte'),
  };
}

/** Passes what passes each of them. */
export function allOf(first: TagFilter, ...others: readonly TagFilter[]): TagFilter {
  return { op: 'and', nodes: [first, ...others] };
}

/** Passes what passes one of them. */
export function anyOf(first: TagFilter, ...others: readonly TagFilter[]): TagFilter {
  return { op: 'or', nodes: [first, ...others] };
}

/** Passes what does not pass it. */
export function not(filter: TagFilter): TagFilter {
  return { op: 'not', nodes: [filter] };
}

/** @throws ClientError `ERR_CONFIG`: nothing would ever pass */
function decimal(bound: number | string): string {
  const text = `${bound}`;
  if (/^[+-]?\d+(\.\d{1,19})?$/.test(text)) return text;
  throw new ClientError('ERR_CONFIG', `a filter compares with decimal numbers, which "${text.slice(0, 40)}" is not`);
}
