/** What is said of rules in a file that are wrong: where, and within which bounds. */

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { channels } from './channel-config.js';

test.each([
  [{ slow: { dropOldest: 0 } }, 'slow.dropOldest', '1 to 10000'],
  [{ slow: { dropOldest: 1.5 } }, 'slow.dropOldest', '1 to 10000'],
  [{ slow: { dropOldest: 10_001 } }, 'slow.dropOldest', '1 to 10000'],
  [{ slow: { dropOldest: 'many' } }, 'slow', 'dropOldest'],
  [{ slow: { dropOldst: 5 } }, 'slow', 'dropOldest'],
  [{ slow: 'oldest' }, 'slow', 'latest'],
  [{ maxRate: { default: 0 } }, 'maxRate.default', '0.001 to 1000'],
  [{ maxRate: { max: 1_001 } }, 'maxRate.max', '0.001 to 1000'],
  [{ maxRate: { max: 'fast' } }, 'maxRate.max', '0.001 to 1000'],
  [{ maxRate: { most: 5 } }, 'maxRate.most', 'max'],
  [{ maxRate: 5 }, 'maxRate', 'default, max'],
])('of the rule %j it is said where it is wrong, and what may stand there', (rule, path, hint) => {
  const { issues = [] } = v.safeParse(channels().schema, { 'score:{x}': rule });
  const [first] = issues;
  expect(issues.length).toBe(1);
  expect(first && v.getDotPath(first)).toBe(`score:{x}.${path}`);
  expect(first?.message).toContain(hint);
});

test('rates and windows at their bounds are taken', () => {
  const rules = {
    'a:{x}': { maxRate: { default: 0.001, max: 1_000 }, slow: { dropOldest: 10_000 } },
    'b:{x}': { slow: { dropOldest: 1 } },
  };
  expect(v.parse(channels().schema, rules)).toEqual(rules);
});
