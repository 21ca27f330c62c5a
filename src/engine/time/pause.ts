/** Waits for a time by the given clock. */

import type { Clock } from '../ports/clock.js';

export function pause(clock: Pick<Clock, 'schedule'>, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(resolve, ms));
}
