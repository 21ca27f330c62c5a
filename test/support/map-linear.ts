/** Whether changes of one key that expect versions can have happened one after the other, each between its call and its answer. */

import type { MapOutcome } from '../../src/engine/ports/map-store.js';

export interface VersionedCall {
  /** The version that it expected. */
  readonly expected: number;
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly outcome: MapOutcome;
}

/** @returns what cannot have been, in words; empty if there is an order */
export function faultsOf(calls: readonly VersionedCall[]): string[] {
  const faults: string[] = [];
  const made = calls.filter(({ outcome }) => outcome.ok);
  made.sort((a, b) => a.outcome.position.offset - b.outcome.position.offset);
  let before: VersionedCall | undefined;
  for (const call of made) {
    const version = before?.outcome.position.offset ?? 0;
    if (call.expected !== version) faults.push(`made on ${call.expected} when the version was ${version}`);
    if (before !== undefined && call.answeredAt < before.calledAt)
      faults.push('made before what it follows was called');
    before = call;
  }
  for (const { outcome, expected, calledAt, answeredAt } of calls) {
    if (outcome.ok) continue;
    if (outcome.version === expected) faults.push(`refused though it expected ${expected}`);
    const at = made.findIndex(({ outcome: { position } }) => position.offset === outcome.version);
    const isKnown = outcome.version === 0 || at >= 0;
    if (!isKnown) faults.push(`refused by the version ${outcome.version}, which there never was`);
    if (at >= 0 && (made[at]?.calledAt ?? 0) > answeredAt) faults.push('refused by a version of the future');
    const next = made[at + 1];
    if (isKnown && next !== undefined && next.answeredAt < calledAt) faults.push('refused by a version of the past');
  }
  return faults;
}
