/** Lets go of clients at a pace, so that the other nodes are not stormed. */

import type { Clock, Random } from '../engine/ports/clock.js';
import type { Session } from '../engine/sessions/session.js';
import { disconnectCodes } from '../model/codes.js';

/** How fast clients are sent away. */
export interface Pace {
  /** By when the last one has been told, in milliseconds. It wins: where the rate is too slow for it, it is raised. */
  readonly withinMs: number;
  /** Clients a second. Default: as slowly as the time allows, but no slower than 20. */
  readonly clientsPerSec?: number | undefined;
}

/** So that a few clients do not take the time of many. */
const leastPerSec = 20;

/** At which the last of so many clients is told in time. */
export function clientsPerSecOf(count: number, { withinMs, clientsPerSec = leastPerSec }: Pace): number {
  return count === 0 ? clientsPerSec : Math.max(clientsPerSec, (count * 1_000) / withinMs);
}

/** Beyond which what was held up is not made up for. */
const toleratedLateMs = 100;

/**
 * Closes all sessions with 3001; their clients come back elsewhere. Each has a slot of its own, in random order and at a
 * random moment of the slot, so that nodes which stop together, or clients which came together, do not beat in time. After
 * a time in which nothing could be done the rest is spread anew: those that are overdue do not go all at once, unless
 * the time is over.
 * Resolves when the last one has been told.
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
    // Timers have whole milliseconds: what is due within this one is done now.
    if (waitMs >= 1) await new Promise<void>((resolve) => clock.schedule(resolve, waitMs));
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
