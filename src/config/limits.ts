/** The options that set limits, made from the table of limits. */

import {
  type EngineLimits,
  type LimitName,
  type LimitPath,
  limitNames,
  limitPath,
  limitTable,
  rangeOf,
} from '../engine/ports/limits.js';
import { defined } from '../model/defined.js';
import type { Option } from './option.js';
import { bytes, duration, integer } from './option-kinds.js';

type Input<Name> = Name extends `${string}Bytes` | `${string}Ms` ? number | string : number;

type LimitOptions = { readonly [Name in LimitName as LimitPath<Name>]: Option<Input<Name>, number> };

// safe: an option for each name, of the kind that its unit implies
export const limitOptions = Object.fromEntries(
  limitNames.map((name) => [limitPath(name), optionOf(name)]),
) as unknown as LimitOptions;

function optionOf(name: LimitName): Option<number, number> | Option<number | string, number> {
  const { default: value, about, zero, reload } = limitTable[name];
  const kind = name.endsWith('Ms') ? duration : name.endsWith('Bytes') ? bytes : integer;
  return {
    kind: kind(rangeOf(name)),
    default: value,
    about,
    ...defined({ zero }),
    ...(reload !== 'restart' && { reload: reload ?? true }),
  };
}

export function limitsOf(values: Readonly<Record<LimitPath, number>>): EngineLimits {
  // safe: every name has the value of its option
  return Object.fromEntries(limitNames.map((name) => [name, values[limitPath(name)]])) as EngineLimits;
}
