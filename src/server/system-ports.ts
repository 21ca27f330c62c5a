/** The real clock and real randomness. */

import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../engine/ports/clock.js';

/** Beyond, Node's timers fire at once. */
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

export const systemRandom: Random = {
  // 144 bits: no padding in base64.
  id: () => randomBytes(18).toString('base64url'),
  unit: () => Math.random(),
};
