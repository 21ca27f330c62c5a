/** Encodes values of the application, and refuses what JSON would silently drop or change. */

import { hasLoneSurrogate, type JsonText, toJsonText } from '../../model/json-text.js';

export type ExactJson =
  | { readonly ok: true; readonly text: JsonText }
  /** `fault`: where, and what: `.items[2].price is NaN`. */
  | { readonly ok: false; readonly fault: string };

interface Loss {
  readonly kind: string;
  /** From the inside to the outside. */
  readonly path: (string | number)[];
}

/** Deeper values cannot be meant: no client may send a frame of more than 64 levels. */
const maxLevels = 512;
const maxPathLength = 200;

/** Classes whose content `JSON.stringify` does not write, or writes as something else. */
const unkeepable: ReadonlySet<string> = new Set(
  [
    ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'RegExp', 'Error', 'Generator', 'AsyncGenerator'],
    ...['Map Iterator', 'Set Iterator', 'Array Iterator', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Arguments'],
    ...['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float16', 'Float32', 'Float64'].map(
      (element) => `${element}Array`,
    ),
    ...['BigInt64Array', 'BigUint64Array'],
  ].map((name) => `[object ${name}]`),
);

/**
 * Refused: `undefined` in a list, functions, symbols, bigints, NaN and infinities, invalid dates, maps, sets, errors and
 * other objects that are more than their members, cycles, lone surrogates. As always, a member that is `undefined` is
 * left out, and what has `toJSON` is what that returns.
 */
export function encodeExactly(value: unknown): ExactJson {
  const loss = lossIn(value, []);
  if (loss !== undefined) return { ok: false, fault: faultOf(loss) };
  const text = toJsonText(value);
  if (text === undefined) return { ok: false, fault: ' is undefined' };
  if (!hasLoneSurrogate(text)) return { ok: true, text };
  return { ok: false, fault: faultOf(loneSurrogateIn(value) ?? { kind: 'text with a lone surrogate', path: [] }) };
}

function lossIn(value: unknown, above: object[]): Loss | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { kind: String(value), path: [] };
    case 'object':
      return value === null ? undefined : lossInObject(value, above);
    case 'bigint':
      return hasToJson(value) ? lossIn(value.toJSON(), above) : { kind: 'a bigint', path: [] };
    case 'undefined':
      return { kind: 'undefined', path: [] };
    default:
      return { kind: `a ${typeof value}`, path: [] };
  }
}

function lossInObject(value: object, above: object[]): Loss | undefined {
  if (hasToJson(value)) {
    if (!(value instanceof Date)) return lossIn(value.toJSON(), above);
    return Number.isNaN(value.getTime()) ? { kind: 'an invalid date', path: [] } : undefined;
  }
  if (above.includes(value)) return { kind: 'a cycle', path: [] };
  if (above.length === maxLevels) return { kind: `nested deeper than ${maxLevels}`, path: [] };
  above.push(value);
  const loss = Array.isArray(value) ? lossInList(value, above) : lossInMembers(value, above);
  above.pop();
  return loss;
}

function lossInList(list: readonly unknown[], above: object[]): Loss | undefined {
  for (let i = 0; i < list.length; i++) {
    const loss = lossIn(list[i], above);
    if (loss !== undefined) return below(i, loss);
  }
  return undefined;
}

function lossInMembers(record: object, above: object[]): Loss | undefined {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) {
    const tag = Object.prototype.toString.call(record);
    if (unkeepable.has(tag)) return { kind: `a ${tag.slice(8, -1)}`, path: [] };
    if (record instanceof Number || record instanceof BigInt) return lossIn(record.valueOf(), above);
  }
  // Pairs of key and value would take half of the time.
  for (const key of Object.keys(record)) {
    // safe: one of its keys
    const member = record[key as keyof typeof record] as unknown;
    if (member === undefined) continue;
    const loss = lossIn(member, above);
    if (loss !== undefined) return below(key, loss);
  }
  return undefined;
}

/** Where it is, once it is known that there is one: what `toJSON` returns is not searched. */
function loneSurrogateIn(value: unknown): Loss | undefined {
  if (typeof value === 'string') {
    const text = toJsonText(value);
    return text !== undefined && hasLoneSurrogate(text) ? { kind: 'text with a lone surrogate', path: [] } : undefined;
  }
  if (typeof value !== 'object' || value === null || hasToJson(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const loss = loneSurrogateIn(key) ?? loneSurrogateIn(member);
    if (loss !== undefined) return below(Array.isArray(value) ? Number(key) : key, loss);
  }
  return undefined;
}

function below(step: string | number, loss: Loss): Loss {
  loss.path.push(step);
  return loss;
}

function faultOf({ kind, path }: Loss): string {
  const steps = path.reverse().map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `${steps.join('').slice(0, maxPathLength)} is ${kind}`;
}

function hasToJson(value: object | bigint): value is { toJSON(): unknown } {
  return 'toJSON' in Object(value) && typeof (value as { readonly toJSON: unknown }).toJSON === 'function';
}
