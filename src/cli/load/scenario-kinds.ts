/** Kinds of values that only scenarios have: rates, shares, popularity, conditions. */

import * as v from 'valibot';
import type { OptionKind } from '../../config/option-kinds.js';
import { formatPopularity, type Popularity, parsePopularity } from './popularity.js';
import { parseCondition } from './thresholds.js';

/** `250`, `0.5`, `"2k"`, `"250/s"`; a second. */
export function rate(): OptionKind<number | string, number> {
  return {
    name: 'number a second',
    schema: v.pipe(
      v.union([v.number(), v.string()], 'is not a rate'),
      v.transform((value) => (typeof value === 'string' ? (parseRate(value) ?? value) : value)),
      v.number('is not a rate; write a number a second, like 250, 0.5 or 2k'),
      v.minValue(0, 'is negative'),
      v.maxValue(10_000_000, 'is above 10,000,000'),
    ),
    fromText: (text) => text,
    format: (value) => `${value}`,
  };
}

function parseRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(k?)(?:\/s)?$/.exec(text);
  return match === null ? undefined : Number(match[1]) * (match[2] === 'k' ? 1_000 : 1);
}

/** `0.05`, `"5%"`. */
export function share(): OptionKind<number | string, number> {
  return {
    name: 'share',
    schema: v.pipe(
      v.union([v.number(), v.string()], 'is not a share'),
      v.transform((value) => (typeof value === 'string' ? (parseShare(value) ?? value) : value)),
      v.number('is not a share; write one like 0.05 or 5%'),
      v.minValue(0, 'is negative'),
      v.maxValue(1, 'is above 1'),
    ),
    fromText: (text) => text,
    format: (value) => `${value * 100}%`,
  };
}

function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  return match === null ? undefined : Number(match[1]) / (match[2] === '%' ? 100 : 1);
}

export function popularity(): OptionKind<string, Popularity> {
  return {
    name: 'uniform, zipf or zipf:exponent',
    schema: v.pipe(
      v.string('is not a text'),
      v.transform((text) => parsePopularity(text)),
      v.custom<Popularity>((value) => value !== undefined, 'is none of uniform, zipf, zipf:1.2'),
    ),
    fromText: (text) => text,
    format: formatPopularity,
  };
}

/** Conditions by the name of a figure. */
export function conditions(): OptionKind<Record<string, string | number>, Readonly<Record<string, string>>> {
  return {
    name: 'figure=condition',
    schema: v.pipe(
      v.record(v.string(), v.union([v.string(), v.number()]), 'is not an object of conditions'),
      v.transform((given) => Object.fromEntries(Object.entries(given).map(([name, text]) => [name, String(text)]))),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        for (const [name, text] of Object.entries(dataset.value)) {
          const condition = parseCondition(name, text);
          if ('fault' in condition) addIssue({ message: `has "${name}", which ${condition.fault}` });
        }
      }),
    ),
    fromText: (text) => {
      const pairs = text.split(',').map((pair) => {
        const at = pair.search(/[<>=]/);
        return at < 1 ? [pair, ''] : [pair.slice(0, at), pair.slice(pair[at] === '=' ? at + 1 : at)];
      });
      return Object.fromEntries(pairs);
    },
    format: (value) =>
      Object.entries(value)
        .map(([name, text]) => `${name}=${text}`)
        .join(', '),
    isList: true,
  };
}
