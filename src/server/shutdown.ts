/** Disconnects clients gradually, to protect the other nodes. */

import type { Clock, Random } from '../engine/ports/clock.js';
import type { Session } from '../engine/sessions/session.js';
import { pause } from '../engine/time/pause.js';
import { disconnectCodes } from '../model/codes.js';

export interface Pace {
  /** By when the last one is closed, in milliseconds. A rate that is too slow for it is raised. */
  readonly withinMs: number;
  /** Clients a second. Default: as slowly as the time allows, but no slower than 20. */
  readonly clientsPerSec?: number | undefined;
}

/** So that a few clients do not take as long as many. */
const leastPerSec = 20;

/** The rate at which the last of `count` clients is closed in time. */
export function clientsPerSecOf(count: number, { withinMs, clientsPerSec = leastPerSec }: Pace): number {
  return count === 0 ? clientsPerSec : Math.max(clientsPerSec, (count * 1_000) / withinMs);
}

/** Delays above this are not caught up at once. */
const toleratedLateMs = 100;

/**
 * Closes all sessions with 3001; their clients reconnect elsewhere. Each has its own slot, in random order and at a
 * random moment of the slot, so that nodes that stop together, or clients that connected together, do not coincide.
 * After a delay the remaining sessions are spread again instead of being closed at once, unless the time is over.
 * Resolves when the last one is closed.
 */
export async function closePaced(
  sessions: readonly Session[],
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { withinMs, clientsPerSec }: Pace,
): Promise<void> {
  const endMs = clock.nowMs() + withinMs;
  const slotsFrom = (nowMs: number, count: number) => {
    const perSec = clientsPerSecOf(count, { withinMs: Math.max(0, endMs - nowMs), clientsPerSec });
    return { beginMs: nowMs, slotMs: 1_000 / perSec };
  };
  let { beginMs, slotMs } = slotsFrom(clock.nowMs(), sessions.length);
  let slot = 0;
  for (const [index, session] of shuffled(sessions, random).entries()) {
    const dueMs = beginMs + (slot++ + random.unit()) * slotMs;
    const waitMs = dueMs - clock.nowMs();
    // Timers have whole milliseconds: sessions due within this one are closed now.
    if (waitMs >= 1) await pause(clock, waitMs);
    session.close(disconnectCodes.shutdown);
    if (clock.nowMs() - dueMs <= toleratedLateMs) continue;
    ({ beginMs, slotMs } = slotsFrom(clock.nowMs(), sessions.length - index - 1));
    slot = 0;
  }
}

/** A copy in random order (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random.unit() * (last + 1));
    // safe: both are indices of the array
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
