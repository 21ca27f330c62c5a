/** Lets go of clients at a pace, so that the other nodes are not stormed. */

import type { Clock } from '../engine/clock.js';
import type { Session } from '../engine/session.js';
import { disconnectCodes } from '../model/codes.js';

const stepMs = 50;

/**
 * Closes all sessions with 3001, spread evenly over the time given; their clients come back elsewhere. Resolves when
 * the last one has been told.
 */
export async function closePaced(sessions: readonly Session[], clock: Clock, withinMs: number): Promise<void> {
  const steps = Math.max(1, Math.floor(withinMs / stepMs));
  const perStep = Math.ceil(sessions.length / steps);
  for (let start = 0; start < sessions.length; start += perStep) {
    for (const session of sessions.slice(start, start + perStep)) session.close(disconnectCodes.shutdown);
    if (start + perStep < sessions.length) await new Promise<void>((resolve) => clock.schedule(resolve, stepMs));
  }
}
