/** What /proc says of this process, beside what Node says. */
import { expect, it } from 'vitest';
import { cpuUsOf, residentBytesOf } from './process-use.mjs';

const isLinux = process.platform === 'linux';

it.runIf(isLinux)('finds the CPU that a process uses, to a few steps of the clock', () => {
  const [before, ownBefore] = [cpuUsOf(process.pid), process.cpuUsage()];
  const used = () => {
    const { user, system } = process.cpuUsage(ownBefore);
    return user + system;
  };
  while (used() < 100_000);
  const found = cpuUsOf(process.pid) - before;
  expect(found).toBeGreaterThan(70_000);
  expect(found).toBeLessThan(used() + 30_000);
});

it.runIf(isLinux)('finds its resident memory', () => {
  expect(residentBytesOf(process.pid) / process.memoryUsage.rss()).toBeCloseTo(1, 0);
});
