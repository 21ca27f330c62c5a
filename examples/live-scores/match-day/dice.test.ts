import { expect, it } from 'vitest';
import { Dice } from './dice.js';

const rolls = (dice: Dice, count = 1_000) => Array.from({ length: count }, () => dice.next());

it('rolls the same with the same seed, and otherwise with another', () => {
  expect(rolls(new Dice('a day'))).toEqual(rolls(new Dice('a day')));
  expect(rolls(new Dice('a day'))).not.toEqual(rolls(new Dice('another day')));
  expect(rolls(new Dice(7))).toEqual(rolls(new Dice(7)));
});

it('spreads evenly, within its bounds', () => {
  const dice = new Dice(1);
  const all = rolls(dice, 20_000);
  expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...all)).toBeLessThan(1);
  const tenths = Array.from({ length: 10 }, (_, tenth) => all.filter((one) => Math.floor(one * 10) === tenth).length);
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  const wholes = Array.from({ length: 2_000 }, () => dice.whole(-2, 3));
  expect([...new Set(wholes)].sort((one, other) => one - other)).toEqual([-2, -1, 0, 1, 2, 3]);
  const times = Array.from({ length: 20_000 }, () => dice.lasting(10));
  expect(times.reduce((sum, one) => sum + one, 0) / times.length).toBeCloseTo(10, 0);
});

it('shuffles without losing any', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = new Dice(3).shuffled(items);
  expect(shuffled).not.toEqual(items);
  expect([...shuffled].sort()).toEqual(items);
  expect(() => new Dice(3).pick([])).toThrow(RangeError);
});
