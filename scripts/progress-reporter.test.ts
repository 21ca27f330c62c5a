import { describe, expect, it } from 'vitest';
import { estimateSec, roughly, skipReasons } from './progress-reporter.mjs';

describe('the progress of the tests', () => {
  it('is estimated by the files of each project', () => {
    const small = estimateSec(new Map([['unit', 100]]));
    expect(small).toBeGreaterThan(0);
    expect(
      estimateSec(new Map([...(['unit', 'browser'] as const).map((name) => [name, 100] as const)])),
    ).toBeGreaterThan(small * 2);
  });

  it.each([
    [0, '5 s'],
    [42, '45 s'],
    [89, '90 s'],
    [125, '2 min'],
    [2_400, '40 min'],
  ])('%i seconds are "%s"', (sec, text) => expect(roughly(sec)).toBe(text));

  it('sums up why tests were skipped', () => {
    const warnings = [
      '\n*** SKIPPED: no Chromium ***\n',
      '*** SKIPPED: no nginx ***',
      '*** SKIPPED: no Chromium ***',
      'x',
    ];
    expect([...skipReasons(warnings)]).toEqual([
      ['no Chromium', 2],
      ['no nginx', 1],
    ]);
  });
});
