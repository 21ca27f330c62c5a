/** What passes a filter: each comparison by itself, random trees against a twin that reads the wire form, and one form. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterOf } from '../../protocols/centrifugal/filter-fields.js';
import { TagFilters } from './tag-filters.js';

/** As a client sends it. */
interface Wire {
  readonly op?: string;
  readonly key?: string;
  readonly cmp?: string;
  readonly val?: string;
  readonly vals?: readonly string[];
  readonly nodes?: readonly Wire[];
}

type Tags = Readonly<Record<string, string>>;

const filters = new TagFilters();

function compiled(wire: Wire) {
  const node = filterOf(wire);
  if (node === undefined) throw new Error('no filter');
  return filters.of(node);
}

const passes = (wire: Wire, tags?: Tags) => compiled(wire).passes(tags === undefined ? {} : { tags });

/** The same by the letter of the protocol, without any of the code under test. */
function twin({ op = '', key = '', cmp = '', val = '', vals = [], nodes = [] }: Wire, tags: Tags): boolean {
  if (op === 'and') return nodes.reduce((all, node) => twin(node, tags) && all, true);
  if (op === 'or') return nodes.reduce((any, node) => twin(node, tags) || any, false);
  if (op === 'not') return nodes.reduce((_, node) => !twin(node, tags), true);
  const has = new Map(Object.entries(tags)).has(key);
  const tag = new Map(Object.entries(tags)).get(key) ?? '';
  if (cmp === 'ex') return has;
  if (cmp === 'nex') return !has;
  if (cmp === 'in') return vals.includes(tag);
  if (cmp === 'nin') return !vals.includes(tag);
  if (cmp === 'neq') return !(has && tag === val);
  if (!has) return false;
  if (cmp === 'eq') return tag === val;
  if (cmp === 'sw') return tag.slice(0, val.length) === val;
  if (cmp === 'ew') return tag.length >= val.length && tag.slice(tag.length - val.length) === val;
  if (cmp === 'ct') return tag.split(val).length > 1;
  const [left, right] = [exact(tag), exact(val)];
  if (left === undefined || right === undefined) return false;
  if (cmp === 'lt') return left < right;
  if (cmp === 'lte') return left <= right;
  return cmp === 'gt' ? left > right : left >= right;
}

/** In units of 10^-19. */
function exact(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = ''] = /^([+-]?)(\d+)(?:\.(\d{1,19}))?$/.exec(text) ?? [];
  if (sign === undefined || text.length > 200) return undefined;
  const size = BigInt(whole) * 10n ** 19n + BigInt(fraction.padEnd(19, '0'));
  return sign === '-' ? -size : size;
}

describe('a comparison', () => {
  test.each<[string, Wire, Tags[], Tags[]]>([
    ['eq', { key: 'a', cmp: 'eq', val: 'x' }, [{ a: 'x' }], [{ a: 'X' }, { a: 'xx' }, { b: 'x' }, {}]],
    ['neq', { key: 'a', cmp: 'neq', val: 'x' }, [{ a: 'y' }, { a: '' }, {}], [{ a: 'x' }]],
    ['in', { key: 'a', cmp: 'in', vals: ['x', 'y'] }, [{ a: 'x' }, { a: 'y' }], [{ a: 'z' }, {}]],
    ['in, of which one is empty', { key: 'a', cmp: 'in', vals: ['x', ''] }, [{ a: '' }, {}], [{ a: 'z' }]],
    ['nin', { key: 'a', cmp: 'nin', vals: ['x', 'y'] }, [{ a: 'z' }, {}], [{ a: 'x' }]],
    ['nin, of which one is empty', { key: 'a', cmp: 'nin', vals: [''] }, [{ a: 'z' }], [{ a: '' }, {}]],
    ['ex', { key: 'a', cmp: 'ex' }, [{ a: 'x' }, { a: '' }], [{ b: 'x' }, {}]],
    ['nex', { key: 'a', cmp: 'nex' }, [{ b: 'x' }, {}], [{ a: '' }]],
    ['sw', { key: 'a', cmp: 'sw', val: 'ab' }, [{ a: 'abc' }, { a: 'ab' }], [{ a: 'a' }, { a: 'cab' }, {}]],
    ['ew', { key: 'a', cmp: 'ew', val: 'bc' }, [{ a: 'abc' }, { a: 'bc' }], [{ a: 'c' }, { a: 'bca' }, {}]],
    ['ct', { key: 'a', cmp: 'ct', val: 'b' }, [{ a: 'abc' }, { a: 'b' }], [{ a: 'ac' }, { a: '' }, {}]],
    [
      'lt',
      { key: 'n', cmp: 'lt', val: '10' },
      [{ n: '9' }, { n: '-11' }, { n: '9.99' }],
      [{ n: '10' }, { n: 'x' }, {}],
    ],
    ['lte', { key: 'n', cmp: 'lte', val: '10' }, [{ n: '10.0' }, { n: '+10' }], [{ n: '10.01' }, { n: '' }]],
    ['gt', { key: 'n', cmp: 'gt', val: '1.5' }, [{ n: '1.50001' }, { n: '02' }], [{ n: '1.5' }, { n: '1e9' }]],
    ['gte', { key: 'n', cmp: 'gte', val: '-1' }, [{ n: '-1' }, { n: '-0' }], [{ n: '-1.1' }, { n: '.5' }, { n: '5.' }]],
    ['a number that is none', { key: 'n', cmp: 'gte', val: 'x' }, [], [{ n: '1' }, { n: 'x' }, {}]],
    ['a name of every object', { key: 'constructor', cmp: 'ex' }, [{ constructor: 'x' } as never], [{}]],
  ])('%s', (_, wire, accepted, refused) => {
    expect(accepted.map((tags) => passes(wire, tags))).toEqual(accepted.map(() => true));
    expect(refused.map((tags) => passes(wire, tags))).toEqual(refused.map(() => false));
  });

  test('of numbers is exact where a double is not', () => {
    const id = { key: 'n', cmp: 'gt', val: '9007199254740992' };
    expect([passes(id, { n: '9007199254740993' }), passes(id, { n: '9007199254740992' })]).toEqual([true, false]);
    const price = { key: 'n', cmp: 'lt', val: '0.3000000000000000001' };
    expect([passes(price, { n: '0.3' }), passes(price, { n: '0.3000000000000000001' })]).toEqual([true, false]);
  });

  test('a publication without tags has none', () => {
    expect([passes({ key: 'a', cmp: 'nex' }), passes({ key: 'a', cmp: 'eq', val: 'x' })]).toEqual([true, false]);
  });
});

const words = ['a', 'b', 'ab', 'ba', 'abba'];
const numbers = ['0', '-0', '1', '10', '1.5', '1.50', '-2', '12345678901234567890', '0.1234567890123456789', '1e3'];
const key = fc.constantFrom('a', 'n', 'constructor');
const value = fc.constantFrom(...words, ...numbers);
const leaf: fc.Arbitrary<Wire> = fc.oneof(
  fc.record({ key, cmp: fc.constantFrom('eq', 'neq', 'sw', 'ew', 'ct', 'lt', 'lte', 'gt', 'gte'), val: value }),
  fc.record({
    key,
    cmp: fc.constantFrom('in', 'nin'),
    vals: fc.array(fc.oneof(value, fc.constant('')), { minLength: 1 }),
  }),
  fc.record({ key, cmp: fc.constantFrom('ex', 'nex') }),
);
const { tree } = fc.letrec<{ tree: Wire }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({ op: fc.constantFrom('and', 'or'), nodes: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }) }),
    fc.record({ op: fc.constant('not'), nodes: fc.tuple(tie('tree')) }),
  ),
}));
const someTags: fc.Arbitrary<Tags> = fc.dictionary(key, fc.oneof(value, fc.constant('')));

describe('random trees', () => {
  test('let through what their twins let through', () => {
    fc.assert(
      fc.property(tree, fc.array(someTags, { minLength: 1 }), (wire, many) => {
        const filter = compiled(wire);
        for (const tags of many) expect(filter.passes({ tags })).toBe(twin(wire, tags));
      }),
      { numRuns: 500 },
    );
  });

  test('are one object for all who write the same with other order, nesting and repetition', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (wire, seed) => {
        expect(compiled(rewritten(wire, seed))).toBe(compiled(wire));
      }),
    );
  });

  test('are different objects where they differ', () => {
    const one = { key: 'a', cmp: 'eq', val: 'x' };
    const others = [
      { ...one, val: 'y' },
      { ...one, key: 'b' },
      { ...one, cmp: 'neq' },
      { op: 'not', nodes: [one] },
    ];
    for (const other of others) expect(compiled(other)).not.toBe(compiled(one));
  });
});

/** The same in other words. */
function rewritten(wire: Wire, seed: number): Wire {
  const { op = '', nodes = [], vals } = wire;
  const turn = <T>(list: readonly T[]) => [...list.slice(seed % list.length), ...list.slice(0, seed % list.length)];
  if (op === '') {
    const same = vals === undefined ? wire : { ...wire, vals: [...turn(vals), ...vals.slice(0, 1)] };
    return seed % 3 === 0 ? { op: 'and', nodes: [same] } : same;
  }
  const inner = nodes.map((node) => rewritten(node, seed + 1));
  if (op === 'not')
    return seed % 2 === 0 ? { op, nodes: inner } : { op, nodes: [{ op: 'not', nodes: [{ op, nodes: inner }] }] };
  return { op, nodes: [...turn(inner), { op, nodes: inner.slice(0, 1) }] };
}
