/** The real clock and real randomness. */

import { randomFillSync } from 'node:crypto';
import type { Clock, Random } from '../engine/ports/clock.js';

/** Node's timers fire at once if they are longer. */
const maxDelayMs = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(task, delayMs) {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), maxDelayMs));
    return () => clearTimeout(timer);
  },
  afterTurn(task) {
    setImmediate(task);
  },
};

/** 144 bits: no padding in base64. */
const idBytes = 18;
/** One call for many ids: each call costs as much as a dozen ids. */
const pool = Buffer.alloc(idBytes * 128);
let poolUsed = pool.length;

function randomId(): string {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  poolUsed += idBytes;
  return pool.toString('base64url', poolUsed - idBytes, poolUsed);
}

export const systemRandom: Random = {
  id: randomId,
  unit: () => Math.random(),
};
