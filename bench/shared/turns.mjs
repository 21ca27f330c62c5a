// @ts-check
/** CPU of the turns of this process's event loop, which other processes do not prolong as they do its wait. */

/** In milliseconds, of turns in which something was done. @typedef {{ count: number, sum: number, p50: number, p99: number, p999: number, max: number }} TurnFigures */

/** A turn in which nothing was done tells nothing. */
const LEAST_MS = 0.1;

/**
 * The loop does not rest meanwhile: a turn follows another.
 * @returns {() => TurnFigures} ends it
 */
export function watchTurns() {
  /** @type {number[]} */
  const busy = [];
  let isOver = false;
  let before = process.cpuUsage();
  const measure = () => {
    const { user, system } = process.cpuUsage();
    const ms = (user + system - before.user - before.system) / 1e3;
    if (ms > LEAST_MS) busy.push(ms);
    before = { user, system };
    if (!isOver) setImmediate(measure);
  };
  setImmediate(measure);
  return () => {
    isOver = true;
    busy.sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => busy[Math.min(busy.length - 1, Math.floor(busy.length * share))] ?? 0;
    const sum = busy.reduce((total, ms) => total + ms, 0);
    return { count: busy.length, sum, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: busy.at(-1) ?? 0 };
  };
}
