/** Checks options at run time, for JavaScript callers and casts; errors name the key and what was probably meant. */

import { closest } from './closest.js';
import { FanfareError } from './fanfare-error.js';

/**
 * An object whose keys are all known.
 *
 * @param what names it: `fanfare(options)`, `limits`
 * @param known its keys; the values do not matter
 * @throws FanfareError `ERR_CONFIG`, naming an unknown key and the one that was probably meant
 */
export function expectKeys(what: string, value: unknown, known: Readonly<Record<string, unknown>>): void {
  if (!isObject(value)) throw new FanfareError('ERR_CONFIG', `${what} must be an object, got ${kindOf(value)}`);
  const names = Object.keys(known);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(known, key)) continue;
    const meant = closest(key, names);
    const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean "${meant}"?`;
    throw new FanfareError('ERR_CONFIG', `${what}: "${key}" is unknown; ${hint}`);
  }
}

/**
 * A value that is one of some words, or a function if that is allowed.
 *
 * @throws FanfareError `ERR_CONFIG`
 */
export function expectWord(what: string, value: unknown, words: readonly unknown[], orFunction = true): void {
  if (value === undefined || words.includes(value) || (orFunction && typeof value === 'function')) return;
  const choices = [...words.map((word) => JSON.stringify(word)), ...(orFunction ? ['a function'] : [])].join(', ');
  const meant =
    typeof value === 'string'
      ? closest(
          value,
          words.filter((word) => typeof word === 'string'),
        )
      : undefined;
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  throw new FanfareError('ERR_CONFIG', `${what} must be one of ${choices}, got ${kindOf(value)}${hint}`);
}

/** @throws FanfareError `ERR_CONFIG` unless the value is a function */
export function expectFunction(what: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new FanfareError('ERR_CONFIG', `${what} must be a function, got ${kindOf(value)}`);
}

/** A short description of a value. A text is quoted, since it is often a valid value of another option. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return value.length > 40 ? 'a text' : JSON.stringify(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
