// @ts-check
/** CPU of the turns of this process's event loop, which other processes do not prolong as they do its wait. */

import { PerformanceObserver } from 'node:perf_hooks';

/** In milliseconds, of turns in which something was done. @typedef {{ count: number, sum: number, p50: number, p99: number, p999: number, max: number }} TurnFigures */

/** Of this thread alone since Node 23.9: others collect garbage beside it. */
const { threadCpuUsage: cpuUsage = process.cpuUsage } = /** @type {{ threadCpuUsage?: () => NodeJS.CpuUsage }} */ (
  process
);
/** A turn in which nothing was done tells nothing. */
const LEAST_MS = 0.1;

/**
 * The loop does not rest meanwhile: a turn follows another.
 * @returns {() => { all: TurnFigures, withoutGc: TurnFigures }} ends it; `withoutGc`: of turns in which no garbage was collected
 */
export function watchTurns() {
  /** @type {{ fromMs: number, toMs: number, cpuMs: number }[]} */
  const busy = [];
  /** @type {PerformanceEntry[]} */
  const collections = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  let isOver = false;
  let before = cpuUsage();
  let fromMs = performance.now();
  const measure = () => {
    const { user, system } = cpuUsage();
    const toMs = performance.now();
    const cpuMs = (user + system - before.user - before.system) / 1e3;
    if (cpuMs > LEAST_MS) busy.push({ fromMs, toMs, cpuMs });
    before = { user, system };
    fromMs = toMs;
    if (!isOver) setImmediate(measure);
  };
  setImmediate(measure);
  return () => {
    isOver = true;
    collections.push(...observer.takeRecords());
    observer.disconnect();
    const others = busy.filter(
      ({ fromMs: from, toMs: to }) => !collections.some((gc) => gc.startTime < to && gc.startTime + gc.duration > from),
    );
    return { all: figuresOf(busy), withoutGc: figuresOf(others) };
  };
}

/**
 * @param {readonly { cpuMs: number }[]} turns
 * @returns {TurnFigures}
 */
function figuresOf(turns) {
  const sorted = turns.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const sum = sorted.reduce((total, ms) => total + ms, 0);
  return { count: sorted.length, sum, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: sorted.at(-1) ?? 0 };
}
