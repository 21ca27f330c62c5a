/** The filters that applications write, as the server reads them. */

import { expect, test } from 'vitest';
import { filterOf } from '../protocols/centrifugal/filter-fields.js';
import { allOf, anyOf, not, type TagFilter, tag } from './filter.js';

const minute = tag('minute');
const kind = tag('kind');

test.each<[TagFilter, object]>([
  [kind.is('goal'), { op: 'test', cmp: 'eq', key: 'kind', val: 'goal' }],
  [kind.isNot('goal'), { op: 'test', cmp: 'neq', key: 'kind', val: 'goal' }],
  [kind.isOneOf('goal', 'card'), { op: 'list', cmp: 'in', key: 'kind', vals: ['goal', 'card'] }],
  [kind.isNoneOf('note'), { op: 'list', cmp: 'nin', key: 'kind', vals: ['note'] }],
  [kind.exists(), { op: 'presence', cmp: 'ex', key: 'kind' }],
  [kind.isAbsent(), { op: 'presence', cmp: 'nex', key: 'kind' }],
  [kind.startsWith('g'), { op: 'test', cmp: 'sw', key: 'kind', val: 'g' }],
  [kind.endsWith('l'), { op: 'test', cmp: 'ew', key: 'kind', val: 'l' }],
  [kind.contains('oa'), { op: 'test', cmp: 'ct', key: 'kind', val: 'oa' }],
  [minute.isBelow(45.5), { op: 'test', cmp: 'lt', key: 'minute', val: '45.5' }],
  [minute.isAtMost('12345678901234567890'), { op: 'test', cmp: 'lte', key: 'minute', val: '12345678901234567890' }],
  [minute.isAbove(-1), { op: 'test', cmp: 'gt', key: 'minute', val: '-1' }],
  [minute.isAtLeast(80), { op: 'test', cmp: 'gte', key: 'minute', val: '80' }],
])('%j is read as %j', (filter, node) => {
  expect(filterOf(filter)).toEqual(node);
});

test('they combine', () => {
  const [a, b] = [kind.is('goal'), not(minute.isBelow(80))];
  expect(filterOf(anyOf(allOf(a, b), a))).toEqual({
    op: 'or',
    nodes: [{ op: 'and', nodes: [filterOf(a), filterOf(b)] }, filterOf(a)],
  });
});

test.each([1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY, '1e3', '', '.5', 'noon'])(
  'nothing can be compared with %j',
  (bound) => {
    expect(() => minute.isAbove(bound)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  },
);
