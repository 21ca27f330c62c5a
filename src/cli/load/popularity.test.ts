import { describe, expect, test } from 'vitest';
import { ChannelChoice, formatPopularity, parsePopularity } from './popularity.js';
import { SeededRandom } from './random.js';

function drawn(choice: ChannelChoice, count: number, channels: number): number[] {
  const times = Array.from({ length: channels }, () => 0);
  for (let draw = 0; draw < count; draw++) {
    const channel = choice.next();
    times[channel] = (times[channel] ?? 0) + 1;
  }
  return times;
}

describe('popularity', () => {
  test.each([
    ['uniform', 'uniform'],
    ['zipf', 'zipf:1'],
    ['zipf:1.2', 'zipf:1.2'],
  ])('%s is read', (text, shown) => {
    const popularity = parsePopularity(text);
    expect(popularity && formatPopularity(popularity)).toBe(shown);
  });

  test.each(['', 'zipfs', 'zipf:', 'zipf:0', 'zipf:-1', 'zipf:11', 'Uniform'])('%j is none', (text) => {
    expect(parsePopularity(text)).toBeUndefined();
  });

  test('uniform channels get equally many', () => {
    const choice = new ChannelChoice(50, { kind: 'uniform' }, new SeededRandom(1));
    expect(new Set(drawn(choice, 10_000, 50))).toEqual(new Set([200]));
  });

  test("Zipf's law: the second gets half of what the first gets, the tenth a tenth", () => {
    const times = drawn(new ChannelChoice(1_000, { kind: 'zipf', exponent: 1 }, new SeededRandom(1)), 200_000, 1_000);
    const [first = 0] = times;
    expect((times[1] ?? 0) / first).toBeCloseTo(1 / 2, 1);
    expect((times[9] ?? 0) / first).toBeCloseTo(1 / 10, 1);
    // 1 / (1 + 1/2 + … + 1/1000)
    expect(first / 200_000).toBeCloseTo(1 / 7.485, 2);
  });

  test('several channels of one connection are different ones, at most all', () => {
    const zipf = new ChannelChoice(5, { kind: 'zipf', exponent: 3 }, new SeededRandom(1));
    expect(zipf.several(5).toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(zipf.several(3)).size).toBe(3);
  });

  test('the same seed draws the same', () => {
    const draw = () => drawn(new ChannelChoice(10, { kind: 'zipf', exponent: 1 }, new SeededRandom(7, 2)), 100, 10);
    expect(draw()).toEqual(draw());
  });
});
