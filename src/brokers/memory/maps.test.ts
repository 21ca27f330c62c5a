/** The maps of the memory broker: when keys end, and how much there may be. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import type { MapLimits } from '../../engine/ports/map-store.js';
import { trustedJsonText } from '../../model/json-text.js';
import { MemoryBroker, type MemoryBrokerOptions } from './broker.js';

const name = channelName('m');
const limits: MapLimits = { stream: { size: 10, ttlMs: 60_000 }, maxKeys: 1_000, countedAs: 'm' };
const nothing = trustedJsonText('null');

function made(options: Partial<MemoryBrokerOptions> = {}) {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock, random: countingRandom(), ...options });
  const set = (key: string, data: string, ttlMs?: number, more: Partial<MapLimits> = {}) =>
    broker.maps.set(name, { key, data: trustedJsonText(data) }, { limits: { ...limits, ...more }, ttlMs });
  const keys = async () => {
    const { state } = await broker.maps.page(name, { after: 0, limit: 1_000 });
    return state.entries.map(({ key = '' }) => key);
  };
  return { clock, broker, set, keys };
}

describe('time of keys', () => {
  const key = fc.nat({ max: 5 });
  const ttlMs = fc.constantFrom(undefined, 1, 999, 1_000, 5_000, 60_000);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ set: key, ttlMs }) },
    fc.record({ renew: key, ttlMs: fc.constantFrom(1, 1_500, 20_000) }),
    fc.record({ remove: key }),
    { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(0, 500, 1_000, 3_000, 70_000) }) },
  );

  test('keys are there until their time is over, and gone a second later, whatever was set and renewed before', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, broker, set, keys } = made();
        /** When each key ends. */
        const model = new Map<string, number>();
        for (const next of steps) {
          if ('set' in next) {
            await set(`k${next.set}`, '1', next.ttlMs);
            model.set(`k${next.set}`, clock.nowMs() + (next.ttlMs ?? Number.POSITIVE_INFINITY));
          } else if ('renew' in next) {
            const isThere = await broker.maps.renew(name, `k${next.renew}`, next.ttlMs);
            if (isThere) model.set(`k${next.renew}`, clock.nowMs() + next.ttlMs);
          } else if ('remove' in next) {
            await broker.maps.remove(name, { key: `k${next.remove}`, data: nothing }, { limits });
            model.delete(`k${next.remove}`);
          } else {
            await clock.advance(next.wait);
          }
          const now = clock.nowMs();
          const there = new Set(await keys());
          for (const [each, untilMs] of model) {
            if (untilMs > now) expect(there.has(each)).toBe(true);
            else if (untilMs + 1_000 <= now) expect(there.has(each)).toBe(false);
            if (untilMs <= now && !there.has(each)) model.delete(each);
          }
          expect([...there].filter((each) => !model.has(each))).toEqual([]);
          expect(broker.holdings.mapFigures?.get('m')?.keys ?? 0).toBe(there.size);
        }
        await clock.advance(70_000);
        const permanent = [...model].filter(([, at]) => at === Number.POSITIVE_INFINITY).map(([each]) => each);
        expect(new Set(await keys())).toEqual(new Set(permanent));
        await broker.close();
      }),
      { numRuns: 300 },
    ));

  test('many keys that end together are removed in many turns, and each is counted', async () => {
    const { clock, broker, set, keys } = made();
    for (let i = 0; i < 1_000; i++) await set(`k${i}`, '1', 1_000);
    await set('k0', '2', 60_000);
    await clock.advance(2_000);
    expect(await keys()).toEqual(['k0']);
    expect(broker.holdings.mapFigures?.get('m')).toEqual({ keys: 1, expired: 999 });
    await broker.close();
  });

  test('a map that has lost its keys leaves no timer behind', async () => {
    const { clock, broker, set } = made();
    await set('a', '1', 60_000);
    await broker.maps.remove(name, { key: 'a', data: nothing }, { limits });
    await broker.close();
    expect(clock.numTimers).toBe(0);
  });
});

describe('G11: room for keys', () => {
  const full = (tooMany: string) => ({ ok: false, why: 'full', tooMany });
  /** Ten characters with its key. */
  const data = '"1234567"';

  test('all maps together have no more characters than the broker may keep', async () => {
    const { broker, set } = made({ maxMapBytes: 25 });
    await set('a', data);
    await set('b', data);
    expect(await set('c', data)).toMatchObject(full('all'));
    expect(await set('a', '"12345678901234"')).toMatchObject(full('all'));
    expect(await set('a', '"123456789"')).toMatchObject({ ok: true });
    expect(await set('b', '"1"')).toMatchObject({ ok: true });
    expect(broker.holdings).toMatchObject({ mapKeys: 2, mapBytes: 12 + 4 });
    await broker.maps.remove(name, { key: 'a', data: nothing }, { limits });
    expect(await set('c', data)).toMatchObject({ ok: true });
    await broker.close();
  });

  test('a map has no more characters than its rule says, and what makes it smaller is taken', async () => {
    const { broker, set } = made();
    const small = { maxBytes: 25 };
    await set('a', data, undefined, small);
    await set('b', data, undefined, small);
    expect(await set('c', data, undefined, small)).toMatchObject(full('bytes'));
    expect(await set('a', '"12345678901234567"', undefined, small)).toMatchObject(full('bytes'));
    // The rule allows less than there is already.
    expect(await set('a', data, undefined, { maxBytes: 15 })).toMatchObject({ ok: true });
    expect(await set('a', '"1"', undefined, { maxBytes: 15 })).toMatchObject({ ok: true });
    await broker.close();
  });

  test('keys of a rule that replaces another are counted under its name', async () => {
    const { broker, set } = made();
    await set('a', data);
    await set('b', data, undefined, { countedAs: 'other' });
    expect([...(broker.holdings.mapFigures ?? [])]).toEqual([
      ['m', { keys: 0, expired: 0 }],
      ['other', { keys: 2, expired: 0 }],
    ]);
    await broker.close();
  });
});
