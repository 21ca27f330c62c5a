import { describe, expect, test } from 'vitest';
import { type Figures, judge, parseCondition } from './thresholds.js';

const figures: Figures = {
  plain: (name) => ({ errors: 3, lost: 0, 'deliveries.rate': 50_000 })[name as string],
  percentile: (distribution, percentile) => (distribution === 'delivery' ? percentile * 1_000 : undefined),
  mean: () => 40_500,
};

describe('a condition', () => {
  test.each([
    ['delivery.p99', '<100ms', true],
    ['delivery.p99', '<99ms', false],
    ['delivery.p99', '<=99ms', true],
    ['delivery.p99.9', '<0.1s', true],
    ['delivery.max', '<= 100ms', true],
    ['delivery.mean', '<40.6ms', true],
    ['delivery.mean', '<40.4ms', false],
    ['deliveries.rate', '>=50000', true],
    ['deliveries.rate', '>50000', false],
    ['errors', '3', true],
    ['errors', '=0', false],
    ['lost', '0', true],
  ])('%s %s', (name, condition, met) => expect(judge({ [name]: condition }, figures)).toMatchObject([{ met }]));

  test('on what the run does not have is missed', () => {
    const verdicts = judge({ 'reconnect.p99': '<1s', serverCpu: '<5' }, figures);
    expect(verdicts).toEqual([
      { name: 'reconnect.p99', condition: '<1s', met: false },
      { name: 'serverCpu', condition: '<5', met: false },
    ]);
  });

  test('tells what was measured, times in milliseconds', () => {
    const verdicts = judge({ 'delivery.p50': '<1s', errors: '0' }, figures);
    expect(verdicts.map(({ measured }) => measured)).toEqual([50, 3]);
  });

  test.each([
    ['delivery.p101', '<1s'],
    ['delivery', '<1s'],
    ['deliverys.p99', '<1s'],
    ['error', '0'],
    ['delivery.p99', 'fast'],
    ['delivery.p99', '<200'],
    ['errors', '<1s'],
    ['errors', ''],
  ])('%s %j is none', (name, condition) => expect(parseCondition(name, condition)).toHaveProperty('fault'));

  test('names the figure that was meant', () => {
    expect(parseCondition('delivery.p9x', '<1s')).toMatchObject({ fault: expect.stringContaining('delivery.p99') });
  });
});
