/** Filters by tags of clients: what is none is refused with its cause, and never with its values. */

import { expect, test } from 'vitest';
import { FieldFault } from './field-values.js';
import { filterOf } from './filter-fields.js';

function faultOf(tf: unknown): string {
  try {
    filterOf(tf);
    return 'none';
  } catch (fault) {
    if (!(fault instanceof FieldFault)) throw fault;
    return `${fault.field} ${fault.reply.code}`;
  }
}

const leaf = { key: 'secret', cmp: 'eq', val: 'hidden' };

test.each<[string, unknown]>([
  ['a text', 'secret'],
  ['a list', [leaf]],
  ['an empty object', {}],
  ['a comparison without a key', { cmp: 'eq', val: 'x' }],
  ['a comparison without a value', { key: 'a', cmp: 'eq' }],
  ['a comparison with values', { ...leaf, vals: ['x'] }],
  ['an unknown comparison', { ...leaf, cmp: 'like' }],
  ['a comparison that every object has', { ...leaf, cmp: 'constructor' }],
  ['a list without values', { key: 'a', cmp: 'in' }],
  ['a list with a value', { key: 'a', cmp: 'nin', vals: ['x'], val: 'x' }],
  ['a presence with a value', { key: 'a', cmp: 'ex', val: 'x' }],
  ['a presence with values', { key: 'a', cmp: 'nex', vals: ['x'] }],
  ['an unknown operation', { op: 'xor', nodes: [leaf, leaf] }],
  ['and without nodes', { op: 'and' }],
  ['or of nothing', { op: 'or', nodes: [] }],
  ['not of nothing', { op: 'not', nodes: [] }],
  ['not of two', { op: 'not', nodes: [leaf, leaf] }],
  ['nodes that are an object', { op: 'and', nodes: { 0: leaf } }],
  ['a node that is null', { op: 'and', nodes: [leaf, null] }],
  ['a bad node far inside', { op: 'and', nodes: [leaf, { op: 'not', nodes: [{ op: 'or', nodes: [{}] }] }] }],
  ['a number as value', { ...leaf, val: 1 }],
  ['a number among the values', { key: 'a', cmp: 'in', vals: ['x', 1] }],
  ['a key that is a list', { ...leaf, key: ['a'] }],
  ['half of a surrogate pair', { ...leaf, val: '\ud83d' }],
])('%s is refused with 107', (_, tf) => {
  expect(faultOf(tf)).toBe('tf 107');
});

test('the cause has no values of the client', () => {
  expect(() => filterOf({ ...leaf, cmp: 'in' })).toThrow(expect.not.objectContaining({ message: /secret|hidden/ }));
});

test.each<[string, unknown]>([
  ['absent', undefined],
  ['null', null],
])('%s is no filter', (_, tf) => {
  expect(filterOf(tf)).toBeUndefined();
});

test('what belongs to another kind of node is ignored, as other servers do', () => {
  expect(filterOf({ ...leaf, nodes: [{}] })).toEqual({ op: 'test', cmp: 'eq', key: 'secret', val: 'hidden' });
  expect(filterOf({ op: 'not', key: 'x', cmp: 'y', nodes: [{ key: '', cmp: 'ex', val: null }] })).toEqual({
    op: 'not',
    node: { op: 'presence', cmp: 'ex', key: '' },
  });
});
