// @ts-check
/** The clients of bench/slow.mjs, in a process of their own. */
import { answerRequests } from '../shared/ipc.mjs';
import { Reader } from './reader.mjs';

const JOINED_AT_ONCE = 100;
const POLL_MS = 20;

/** @type {Reader[]} */
let readers = [];

answerRequests({
  /** @param {{ port: number, rates: (number | null)[] }} args rates in bytes a second; null: as fast as they can */
  async join({ port, rates }) {
    const shared = Buffer.allocUnsafe(262_144);
    readers = rates.map((rate) => new Reader(rate ?? Number.POSITIVE_INFINITY));
    for (let n = 0; n < readers.length; n += JOINED_AT_ONCE) {
      await Promise.all(readers.slice(n, n + JOINED_AT_ONCE).map((reader) => reader.join(port, shared)));
    }
  },
  /** The 99th percentile of all healthy readers, in milliseconds, and how many of them have all. @param {{ count: number }} args */
  healthy({ count }) {
    const healthy = readers.filter((reader) => reader.isHealthy);
    const all = Float64Array.from(healthy.flatMap(({ latencies }) => latencies)).sort();
    const complete = healthy.filter(({ seen }) => seen.count === count && seen.holes + seen.disorders === 0).length;
    const at = (/** @type {number} */ share) =>
      all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), complete, of: healthy.length };
  },
  /** What the slow ones have. */
  slow: () => readers.filter((reader) => !reader.isHealthy).map(({ seen }) => ({ ...seen })),
  hurry() {
    for (const reader of readers) if (!reader.isHealthy) reader.hurry();
  },
  /** Waits until all have this one. @param {{ number: number, withinMs: number }} args */
  async until({ number, withinMs }) {
    const deadline = performance.now() + withinMs;
    const isLate = () => performance.now() > deadline;
    while (readers.some(({ seen }) => seen.last < number && seen.end === '') && !isLate()) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  },
  leave() {
    for (const reader of readers) reader.leave();
    readers = [];
  },
});
