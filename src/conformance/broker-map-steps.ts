/** What the tests of maps do with a broker, and what they look at. */

import { strict as assert } from 'node:assert';
import type { MapLimits, MapOutcome, MapSetOptions } from '../engine/ports/map-store.js';
import { payloadValue } from '../model/payload.js';
import type { Publication } from '../model/publication.js';
import { mapsOf, text, type World } from './broker-claim.js';

/** Of the maps in the suite. */
export const limits: MapLimits = { stream: { size: 100, ttlMs: 60_000 }, maxKeys: 20 };
const nothing = text(null);

export type Options = Partial<MapSetOptions>;

export function set(
  { broker, channel }: World,
  key: string,
  value: unknown,
  options: Options = {},
): Promise<MapOutcome> {
  return mapsOf(broker).set(channel, { key, data: text(value) }, { limits, ...options });
}

export function remove({ broker, channel }: World, key: string, options: Options = {}): Promise<MapOutcome> {
  return mapsOf(broker).remove(channel, { key, data: nothing }, { limits, ...options });
}

/** The version of a change that was made. */
export async function versionOf(outcome: Promise<MapOutcome>): Promise<number> {
  const made = await outcome;
  assert.ok(made.ok && !made.duplicate, JSON.stringify(made));
  return made.position.offset;
}

/** The version that a refusal tells. */
export function versionAt(outcome: MapOutcome): number {
  assert.ok(!outcome.ok, 'it was not refused');
  return outcome.version;
}

/** Some servers let keys end by a clock that nobody can advance. */
export async function until({ settle }: World, isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < untilMs, 'not within ten seconds');
    await settle();
  }
}

export async function pagesOf({ broker, channel }: World, limit: number): Promise<Publication[]> {
  const entries: Publication[] = [];
  for (let after = 0; ; ) {
    const page = await mapsOf(broker).page(channel, { after, limit });
    entries.push(...page.state.entries);
    if (page.next === 0) return entries;
    after = page.next;
  }
}

export function valuesOf(entries: Iterable<Publication>): Record<string, unknown> {
  return Object.fromEntries([...entries].map(({ key, data }) => [key, payloadValue(data)]));
}

export async function stateOf(world: World): Promise<Record<string, unknown>> {
  return valuesOf(await pagesOf(world, 7));
}

/** What somebody has who applies all changes, in their order. */
export function applied(changes: readonly Publication[]): Record<string, unknown> {
  const state = new Map<string, Publication>();
  for (const change of changes) {
    const { key = '' } = change;
    if (change.removed) state.delete(key);
    else state.set(key, change);
  }
  return valuesOf(state.values());
}
