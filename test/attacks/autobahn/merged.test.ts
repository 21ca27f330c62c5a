/** What is written of groups that were not run again stays, with their own date. */

import { expect, test } from 'vitest';
import { merged } from './merged.js';
import type { GroupVerdict } from './verdicts.js';

const [first, second] = [
  { date: '2026-01-01', versions: { ws: '8.0.0' } },
  { date: '2026-02-02', versions: { ws: '8.1.0' } },
];

function verdictOf(group: number, strict: number): GroupVerdict {
  return { group, about: '', cases: 3, strict, nonStrict: 3 - strict, informational: 0, declined: 0 };
}

const explained = (...cases: string[]) => ({ cases, outcome: 'NON-STRICT', reason: 'for a reason' }) as const;

test('a group that was run again replaces what was written of it, and only that', () => {
  const before = merged(
    undefined,
    { groups: [verdictOf(6, 1), verdictOf(7, 2)], explanations: [explained('6.1', '6.2'), explained('7.1')] },
    first,
  );
  const { groups, explanations } = merged(
    before,
    { groups: [verdictOf(12, 3), verdictOf(6, 2)], explanations: [explained('6.3')] },
    second,
  );
  expect(groups).toEqual([
    { ...verdictOf(6, 2), ...second },
    { ...verdictOf(7, 2), ...first },
    { ...verdictOf(12, 3), ...second },
  ]);
  expect(explanations).toEqual([explained('7.1'), explained('6.3')]);
});
