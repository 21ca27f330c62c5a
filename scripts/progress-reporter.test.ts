import { describe, expect, it } from 'vitest';
import { estimateSec, longest, reasonOf, roughly, skipLines, skipReasons } from './progress-reporter.mjs';

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

  it('names the files that have been running for longest', () => {
    const running = new Map([
      ['test/b.test.ts', 3_000],
      ['test/a.test.ts', 1_000],
      ['test/c.test.ts', 60_000],
      ['test/d.test.ts', 61_000],
    ]);
    expect(longest(running, 61_000)).toBe('test/a.test.ts (60 s), test/b.test.ts (58 s), test/c.test.ts (1 s)');
  });

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

  it('reads why a test was skipped from what it says, or from its name', () => {
    expect(reasonOf('a map', 'no maps here')).toBe('no maps here');
    expect(reasonOf('keeps 3 (skipped: it keeps (almost) none)', undefined)).toBe('it keeps (almost) none');
    expect(reasonOf('a bad token is terminal (3500)', undefined)).toBeUndefined();
  });

  it('lists what is missing, then reasons by how many tests have them, then the others', () => {
    const reasons = ['no maps', undefined, 'no bytes', 'no bytes', undefined];
    expect(skipLines(new Map([['no Chromium', 2]]), reasons)).toEqual([
      'no Chromium (2 files)',
      'no bytes (2)',
      'no maps (1)',
      'in those files, or for what their files say (2)',
    ]);
    expect(skipLines(new Map(), ['no maps'])).toEqual(['no maps (1)']);
  });
});
