/** Filters by tags, in words instead of the protocol's tree, so that a wrong one does not compile. */

import { ClientError } from './client-error.js';

/** Which messages of a channel the server sends; made by {@link tag}, {@link allOf}, {@link anyOf} and {@link not}. */
export interface TagFilter {
  /** How `nodes` are combined; absent in a comparison. */
  readonly op?: 'and' | 'or' | 'not';
  /** The tag that is compared. */
  readonly key?: string;
  /** How it is compared. */
  readonly cmp?: 'eq' | 'neq' | 'in' | 'nin' | 'ex' | 'nex' | 'sw' | 'ew' | 'ct' | 'lt' | 'lte' | 'gt' | 'gte';
  /** With what, for comparisons with one value. */
  readonly val?: string;
  /** With what, for `in` and `nin`. */
  readonly vals?: readonly string[];
  /** What is combined. */
  readonly nodes?: readonly TagFilter[];
}

/**
 * The comparisons of one tag. A message without it passes `isNot`, `isNoneOf` and `isAbsent` alone.
 *
 * @example
 * const filters = [
 *   tag('kind').is('goal'),
 *   tag('kind').isNot('goal'),
 *   tag('kind').isOneOf('goal', 'card'),
 *   tag('kind').isNoneOf('goal', 'card'),
 *   tag('kind').exists(),
 *   tag('kind').isAbsent(),
 *   tag('city').startsWith('San '),
 *   tag('file').endsWith('.png'),
 *   tag('title').contains('news'),
 *   tag('price').isBelow(100),
 *   tag('price').isAtMost('99.99'),
 *   tag('price').isAbove(0),
 *   tag('price').isAtLeast(1),
 * ];
 */
export interface TagComparisons {
  /** The tag is exactly this. */
  is(value: string): TagFilter;
  /** The tag is anything else, or there is none. */
  isNot(value: string): TagFilter;
  /** The tag is one of these. */
  isOneOf(...values: readonly string[]): TagFilter;
  /** The tag is none of these, or there is none. */
  isNoneOf(...values: readonly string[]): TagFilter;
  /** There is such a tag. */
  exists(): TagFilter;
  /** There is no such tag. */
  isAbsent(): TagFilter;
  /** The tag begins with this text. */
  startsWith(text: string): TagFilter;
  /** The tag ends with this text. */
  endsWith(text: string): TagFilter;
  /** The tag has this text in it. */
  contains(text: string): TagFilter;
  /** Of a tag that is a decimal number; other tags do not pass. As text, a number may have more digits than a double. */
  isBelow(bound: number | string): TagFilter;
  /** A decimal number, at most this; other tags do not pass. */
  isAtMost(bound: number | string): TagFilter;
  /** A decimal number, greater than this; other tags do not pass. */
  isAbove(bound: number | string): TagFilter;
  /** A decimal number, at least this; other tags do not pass. */
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

/**
 * Passes what passes each of them.
 *
 * @example client.channel('match:7', { filter: allOf(tag('kind').is('goal'), tag('minute').isAbove(45)) });
 */
export function allOf(first: TagFilter, ...others: readonly TagFilter[]): TagFilter {
  return { op: 'and', nodes: [first, ...others] };
}

/**
 * Passes what passes one of them.
 *
 * @example client.channel('match:7', { filter: anyOf(tag('kind').is('goal'), tag('team').is('home')) });
 */
export function anyOf(first: TagFilter, ...others: readonly TagFilter[]): TagFilter {
  return { op: 'or', nodes: [first, ...others] };
}

/**
 * Passes what does not pass it.
 *
 * @example client.channel('match:7', { filter: not(tag('kind').is('throw-in')) });
 */
export function not(filter: TagFilter): TagFilter {
  return { op: 'not', nodes: [filter] };
}

/** @throws ClientError `ERR_CONFIG`: nothing would ever pass */
function decimal(bound: number | string): string {
  const text = `${bound}`;
  if (/^[+-]?\d+(\.\d{1,19})?$/.test(text)) return text;
  throw new ClientError('ERR_CONFIG', `a filter compares with decimal numbers, which "${text.slice(0, 40)}" is not`);
}
