/** Decides whether a subscriber gets a publication, by the publication's tags. */

import type { FilterNode } from '../../model/filter.js';
import type { Publication } from '../../model/publication.js';
import { compareDecimals, decimalOf } from './decimal.js';

type Tags = NonNullable<Publication['tags']>;
type Test = (tags: Tags) => boolean;

const noTags: Tags = {};

/** One object for all subscribers with the same filter, so that it is asked once for each publication. */
export class TagFilter {
  readonly #test: Test;

  /** @param text its canonical form */
  constructor(
    node: FilterNode,
    readonly text: string,
  ) {
    this.#test = testOf(node);
  }

  passes({ tags = noTags }: Pick<Publication, 'tags'>): boolean {
    return this.#test(tags);
  }
}

function testOf(node: FilterNode): Test {
  switch (node.op) {
    case 'and': {
      const tests = node.nodes.map(testOf);
      return (tags) => tests.every((test) => test(tags));
    }
    case 'or': {
      const tests = node.nodes.map(testOf);
      return (tags) => tests.some((test) => test(tags));
    }
    case 'not': {
      const test = testOf(node.node);
      return (tags) => !test(tags);
    }
    case 'presence': {
      const { key, cmp } = node;
      return cmp === 'ex' ? (tags) => Object.hasOwn(tags, key) : (tags) => !Object.hasOwn(tags, key);
    }
    case 'list': {
      const { key, cmp } = node;
      const vals = new Set(node.vals);
      // A publication without the tag counts as one whose tag is empty.
      return cmp === 'in' ? (tags) => vals.has(tag(tags, key) ?? '') : (tags) => !vals.has(tag(tags, key) ?? '');
    }
    case 'test':
      return comparison(node);
  }
}

function comparison({ cmp, key, val }: Extract<FilterNode, { op: 'test' }>): Test {
  switch (cmp) {
    case 'eq':
      return (tags) => tag(tags, key) === val;
    case 'neq':
      return (tags) => tag(tags, key) !== val;
    case 'sw':
      return (tags) => tag(tags, key)?.startsWith(val) === true;
    case 'ew':
      return (tags) => tag(tags, key)?.endsWith(val) === true;
    case 'ct':
      return (tags) => tag(tags, key)?.includes(val) === true;
    case 'lt':
      return numeric(key, val, (order) => order < 0);
    case 'lte':
      return numeric(key, val, (order) => order <= 0);
    case 'gt':
      return numeric(key, val, (order) => order > 0);
    case 'gte':
      return numeric(key, val, (order) => order >= 0);
  }
}

/** False if either is no number. */
function numeric(key: string, val: string, accepts: (order: number) => boolean): Test {
  const bound = decimalOf(val);
  if (bound === undefined) return () => false;
  return (tags) => {
    const text = tag(tags, key);
    const value = text === undefined ? undefined : decimalOf(text);
    return value !== undefined && accepts(compareDecimals(value, bound));
  };
}

/** A name such as `constructor` is a tag only if there is one. */
function tag(tags: Tags, key: string): string | undefined {
  return Object.hasOwn(tags, key) ? tags[key] : undefined;
}
