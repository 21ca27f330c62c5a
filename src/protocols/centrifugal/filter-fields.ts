/** The field `tf` of a subscribe, a filter by tags, checked as Centrifugo checks it. */

import { isFields } from '../../model/fields.js';
import { type FilterNode, listTests, numberTests, presenceTests, textTests } from '../../model/filter.js';
import { FieldFault, kindOf, own } from './field-values.js';

const name = 'tf';
const valueTests = [...textTests, ...numberTests];
/** A node without an operation is a comparison. */
const tests = [...valueTests, ...listTests, ...presenceTests];

const loneSurrogate = /\p{Surrogate}/u;

/** `undefined` if it is absent. */
export function filterOf(value: unknown): FilterNode | undefined {
  return value === undefined || value === null ? undefined : node(value);
}

function node(value: unknown): FilterNode {
  if (!isFields(value)) throw new FieldFault(name, `has ${kindOf(value)} for a node, and not an object`);
  const op = text(own(value, 'op'), 'op');
  if (op === '') return comparison(value);
  const nodes = list(own(value, 'nodes'), 'nodes').map(node);
  const [first] = nodes;
  if (op === 'and' || op === 'or') {
    if (first === undefined) throw new FieldFault(name, `has no nodes for ${op}`);
    return { op, nodes };
  }
  if (op !== 'not') throw new FieldFault(name, 'has an op that is none of and, or, not');
  if (first === undefined || nodes.length > 1) throw new FieldFault(name, 'has not one node for not');
  return { op, node: first };
}

function comparison(fields: Readonly<Record<string, unknown>>): FilterNode {
  const key = text(own(fields, 'key'), 'key');
  const val = text(own(fields, 'val'), 'val');
  const vals = list(own(fields, 'vals'), 'vals').map((each) => text(each, 'vals'));
  const cmp = oneOf(tests, text(own(fields, 'cmp'), 'cmp'));
  if (cmp === undefined) throw new FieldFault(name, `has a cmp that is none of ${tests.join(', ')}`);
  const presence = oneOf(presenceTests, cmp);
  if (presence !== undefined) {
    if (val !== '' || vals.length > 0) throw new FieldFault(name, `has a val or vals for ${cmp}`);
    return { op: 'presence', cmp: presence, key };
  }
  if (key === '') throw new FieldFault(name, `has no key for ${cmp}`);
  const inList = oneOf(listTests, cmp);
  if (inList !== undefined) {
    if (vals.length === 0 || val !== '') throw new FieldFault(name, `has no vals for ${cmp}, or a val`);
    return { op: 'list', cmp: inList, key, vals };
  }
  const ofValue = oneOf(valueTests, cmp);
  if (ofValue === undefined || val === '' || vals.length > 0) {
    throw new FieldFault(name, `has no val for ${cmp}, or vals`);
  }
  return { op: 'test', cmp: ofValue, key, val };
}

function oneOf<const Word extends string>(words: readonly Word[], text: string): Word | undefined {
  return words.find((word) => word === text);
}

function text(value: unknown, part: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new FieldFault(name, `has ${kindOf(value)} for ${part}, and not a text`);
  if (loneSurrogate.test(value)) throw new FieldFault(name, 'has half of a surrogate pair, which is no Unicode');
  return value;
}

function list(value: unknown, part: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new FieldFault(name, `has ${kindOf(value)} for ${part}, and not a list`);
  return value;
}
