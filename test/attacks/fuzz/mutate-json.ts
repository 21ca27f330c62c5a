/** Changes of JSON that know its structure: values at their limits, fields that are doubled, missing, renamed or moved. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import { interestingNumber, maxTextLength, mutatedText } from './mutate-text.js';

/** Like JSON, with fields in a list: the same name may come twice. */
export type Tree =
  | { readonly kind: 'object'; readonly fields: readonly (readonly [name: string, value: Tree])[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  /** Written as it is, whatever it is. */
  | { readonly kind: 'raw'; readonly text: string };

const names = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'id',
  'channel',
  'data',
  'offset',
  'epoch',
  'é',
  'a b',
] as const;
const deep = 200;

/** `undefined` if it is no JSON. */
export function treeOf(text: string): Tree | undefined {
  try {
    return fromValue(JSON.parse(text));
  } catch {
    // A part of the corpus is no JSON on purpose.
    return undefined;
  }
}

function fromValue(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(fromValue) };
  if (typeof value !== 'object' || value === null) return { kind: 'raw', text: JSON.stringify(value) };
  return { kind: 'object', fields: Object.entries(value).map(([name, each]) => [name, fromValue(each)] as const) };
}

export function textOf(tree: Tree): string {
  switch (tree.kind) {
    case 'object':
      return `{${tree.fields.map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join(',')}}`;
    case 'list':
      return `[${tree.items.map(textOf).join(',')}]`;
    case 'raw':
      return tree.text;
  }
}

/** A JSON text, changed as a tree and perhaps as a text; what is no JSON is changed as a text. */
export function mutatedJson(random: SeededRandom, text: string, others: readonly string[]): string {
  let tree = treeOf(text);
  if (tree === undefined) return mutatedText(random, text, others);
  for (let edits = 1 + random.below(3); edits > 0; edits--) tree = changed(random, tree);
  const made = textOf(tree);
  // Changes of changes double what is long.
  const isLong = made.length > maxTextLength;
  return isLong || random.below(8) === 0 ? mutatedText(random, isLong ? text : made, others) : made;
}

/** Changes one place, deep or not. */
function changed(random: SeededRandom, tree: Tree): Tree {
  if (tree.kind === 'object' && tree.fields.length > 0 && random.below(4) > 0) {
    const at = random.below(tree.fields.length);
    return {
      kind: 'object',
      fields: tree.fields.flatMap((field, n) => (n === at ? changedField(random, field) : [field])),
    };
  }
  if (tree.kind === 'list' && tree.items.length > 0 && random.below(4) > 0) {
    const at = random.below(tree.items.length);
    return { kind: 'list', items: tree.items.flatMap((item, n) => (n === at ? [changed(random, item)] : [item])) };
  }
  return otherValue(random, tree);
}

function changedField(
  random: SeededRandom,
  field: readonly [name: string, value: Tree],
): readonly (readonly [name: string, value: Tree])[] {
  const [name, value] = field;
  switch (random.below(7)) {
    case 0:
      return [];
    case 1:
      return [field, [name, otherValue(random, value)]];
    case 2:
      return [[random.pick(names), value]];
    case 3:
      return [field, [random.pick(names), otherValue(random, value)]];
    default:
      return [[name, changed(random, value)]];
  }
}

function otherValue(random: SeededRandom, value: Tree): Tree {
  const raw = (text: string): Tree => ({ kind: 'raw', text });
  switch (random.below(9)) {
    case 0:
      return raw(random.pick(['null', 'true', 'false', '""', '{}', '[]', '0', '-0', '1e400', '-1e-400', '0.1']));
    case 1:
      return raw(`${interestingNumber(random)}`);
    case 2:
      return raw(JSON.stringify(random.pick(names).repeat(1 + random.below(300))));
    case 3:
      return raw(
        random.pick([
          '"\\ud800"',
          '"\\udc00\\ud800"',
          '"\\u0000"',
          '"\\"',
          '"\u2028"',
          "'a'",
          'undefined',
          '01',
          '1.',
          '.5',
        ]),
      );
    case 4:
      return { kind: 'list', items: [value, value] };
    case 5:
      return { kind: 'object', fields: [[random.pick(names), value]] };
    case 6:
      return raw(`${'['.repeat(deep)}${']'.repeat(deep)}`);
    case 7:
      return raw(JSON.stringify(textOf(value)));
    default:
      return value.kind === 'raw' ? raw(mutatedText(random, value.text, ['"', '1'])) : raw('"a"');
  }
}
