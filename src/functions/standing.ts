/** Revocations as stores keep them: one text for each thing that can be revoked, so that the latest word counts. */

import * as v from 'valibot';
import type { Revocation } from '../engine/auth/revocations.js';
import { revocation } from '../engine/operations/orders.js';
import type { RevocationStore } from './function-store.js';

/** How long an unblocking is remembered, to overrule functions that still know the block. */
const unblockedMs = 3_600_000;

const unblocked = v.object({ kind: v.literal('unblocked'), user: v.string(), atMs: v.number() });

export type Standing = Revocation | v.InferOutput<typeof unblocked>;

/** What it is about. */
export function keyOfStanding(value: Standing): string {
  return `${value.kind} ${value.kind === 'token' ? value.tokenId : value.user}`;
}

/** Nothing for what no function has written. */
export function decodeStanding(text: string): Standing[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.union([revocation, unblocked])), text);
  return parsed.success ? [parsed.output] : [];
}

/** Whether it still says something. */
export function stands(value: Standing, nowMs: number): boolean {
  if (value.kind === 'unblocked') return value.atMs > nowMs - unblockedMs;
  return (value.untilMs ?? Number.POSITIVE_INFINITY) > nowMs;
}

export function standingOf(values: readonly Standing[], nowMs: number): Awaited<ReturnType<RevocationStore['all']>> {
  const standing = values.filter((value) => stands(value, nowMs));
  return {
    revoked: standing.filter((value) => value.kind !== 'unblocked'),
    unblocked: standing.filter((value) => value.kind === 'unblocked'),
  };
}
