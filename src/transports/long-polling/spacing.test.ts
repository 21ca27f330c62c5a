/** Answers become rarer while the process is busy, and more frequent when it is no longer busy. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Spacing } from './spacing.js';

function start(minMs: number) {
  const clock = new FakeClock();
  const load = { share: 0 };
  const spacing = new Spacing(clock, minMs, () => load.share);
  /** The spacing after this many measurements of the load. */
  const after = async (share: number, looks: number, answers = 500) => {
    load.share = share;
    let ms = minMs;
    for (let look = 0; look < looks; look++) {
      for (let answer = 1; answer < answers; answer++) spacing.nextMs();
      await clock.advance(250);
      ms = spacing.nextMs();
    }
    return ms;
  };
  return { clock, load, spacing, after };
}

test('is what is configured while there is time left', async () => {
  expect(await start(50).after(0.5, 100)).toBe(50);
});

test('grows up to a second without any, and comes back', async () => {
  const { after } = start(50);
  expect(await after(1, 1)).toBe(75);
  expect(await after(1, 100)).toBe(1_000);
  expect(await after(0.7, 100)).toBe(1_000);
  expect(await after(0.1, 100)).toBe(50);
});

test('a process that is busy with something else lets nobody wait', async () => {
  const { after } = start(50);
  expect(await after(1, 100, 200)).toBe(50);
  expect(await after(1, 100)).toBe(1_000);
  expect(await after(1, 100, 150)).toBe(1_000);
  expect(await after(1, 100, 100)).toBe(50);
});

test('is judged over a time, not at each answer', async () => {
  const { clock, load, spacing } = start(50);
  load.share = 1;
  for (let answer = 0; answer < 100; answer++) {
    await clock.advance(2);
    expect(spacing.nextMs()).toBe(50);
  }
});

test('is none under any load where none is configured', async () => expect(await start(0).after(1, 100)).toBe(0));

test('is never shorter than configured, however long that is', async () => {
  const { after } = start(5_000);
  expect(await after(1, 10)).toBe(5_000);
  expect(await after(0, 10)).toBe(5_000);
});
