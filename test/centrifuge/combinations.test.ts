/** Which combinations of transport, codec and what saves bytes the scenarios of the official client run in. */

import { expect, test } from 'vitest';
import { allCombinations, type Combination, usualCombinations } from '../support/centrifuge/combinations.js';

/** Each two settings of a combination, as texts. */
function pairsIn(combination: Combination): string[] {
  const settings = Object.entries(combination).map(([name, value]) => `${name} ${value}`);
  return settings.flatMap((one, at) => settings.slice(at + 1).map((other) => `${one}, ${other}`));
}

test('of any two settings that can be together, one of the combinations that always run has both', () => {
  const covered = new Set(usualCombinations.flatMap(pairsIn));
  expect([...new Set(allCombinations.flatMap(pairsIn))].filter((pair) => !covered.has(pair))).toEqual([]);
});

test('all that always run are among those that there are, and none runs twice', () => {
  const texts = (combinations: readonly Combination[]) => combinations.map((one) => pairsIn(one).join());
  expect(texts(allCombinations)).toEqual(expect.arrayContaining(texts(usualCombinations)));
  for (const each of [allCombinations, usualCombinations]) expect(new Set(texts(each)).size).toBe(each.length);
});
