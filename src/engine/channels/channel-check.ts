/** Checks the options of `channel()` and `rpc()` where they are declared. */

import { expectFunction, expectKeys, expectWord, kindOf } from '../../model/expected.js';
import { FanfareError } from '../../model/fanfare-error.js';

/** @throws FanfareError `ERR_CONFIG`, naming the option */
type Check = (what: string, value: unknown) => void;

/** An object whose keys are all in the table, each with a value that passes its check. */
export function expectOptions(what: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  expectKeys(what, options, checks);
  // safe: it is an object
  const given = options as Readonly<Record<string, unknown>>;
  for (const [key, check] of Object.entries(checks)) check(`${what} → ${key}`, given[key]);
}

/** Checked elsewhere, where its meaning is known. */
export const anything: Check = () => {};

/** One of the words, or a function. */
export function wordOrFunction(...words: readonly unknown[]): Check {
  return (what, value) => expectWord(what, value, words);
}

export function word(...words: readonly unknown[]): Check {
  return (what, value) => expectWord(what, value, words, false);
}

export const optionalFunction: Check = (what, value) => {
  if (value !== undefined) expectFunction(what, value);
};

/** https://standardschema.dev: an object, or a function, with the property `~standard`. */
export const schema: Check = (what, value) => {
  if (value === undefined) return;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (isObject && '~standard' in value) return;
  throw new FanfareError(
    'ERR_CONFIG',
    `${what} must be a Standard Schema, as z.object({ … }) of zod 3.24 or newer, valibot and arktype make them; got ${kindOf(value)}`,
  );
};
