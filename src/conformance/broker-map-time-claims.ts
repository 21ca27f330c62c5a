/** What a broker that keeps maps promises about keys that have a time to live. */

import { strict as assert } from 'node:assert';
import type { MapLimits } from '../engine/ports/map-store.js';
import { type Claim, mapsOf } from './broker-claim.js';
import { applied, limits, remove, set, stateOf, until, versionAt } from './broker-map-steps.js';

export function mapTimeClaims(claim: Claim): void {
  claim('a key whose time is over is removed by a change that subscribers get', async (world) => {
    const { broker, channel, events, advance, settle } = world;
    await broker.subscribe(channel);
    await set(world, 'short', 1, { ttlMs: 2_000 });
    await set(world, 'long', 2, { ttlMs: 60_000 });
    await set(world, 'renewed', 3, { ttlMs: 2_000 });
    await set(world, 'stays', 4);
    await set(world, 'renewed', 3, { ttlMs: 60_000 });
    assert.deepEqual(await stateOf(world), { short: 1, long: 2, renewed: 3, stays: 4 });
    await advance(4_000);
    await events.until(() => events.publications(channel).length >= 6);
    await settle();
    assert.deepEqual(await stateOf(world), { long: 2, renewed: 3, stays: 4 });
    const last = events.publications(channel).at(-1)?.publication;
    assert.deepEqual([last?.key, last?.removed, last?.offset], ['short', true, 6]);
  });

  claim('keys whose time is over are removed one after the other, each once, however many there are', async (world) => {
    const { broker, channel, events, advance, settle } = world;
    await broker.subscribe(channel);
    const many: MapLimits = { ...limits, maxKeys: 1_000 };
    const numKeys = 300;
    const sets = Array.from({ length: numKeys }, (_, n) =>
      set(world, `ключ 🎺 ${n}`, n, { limits: many, ttlMs: 1_000 + (n % 2) }),
    );
    await Promise.all([...sets, set(world, 'stays', 0, { limits: many })]);
    await advance(4_000);
    await events.until(() => events.publications(channel).length > 2 * numKeys);
    await settle();
    const heard = events.publications(channel).map(({ publication }) => publication);
    assert.deepEqual(
      heard.map(({ offset }) => offset),
      heard.map((_, index) => index + 1),
    );
    assert.equal(heard.length, 2 * numKeys + 1);
    assert.equal(new Set(heard.filter(({ removed }) => removed).map(({ key }) => key)).size, numKeys);
    assert.deepEqual([applied(heard), await stateOf(world)], [{ stays: 0 }, { stays: 0 }]);
  });

  claim('a key whose time is over is not there for changes and reads, though nobody subscribes', async (world) => {
    const { broker, channel, advance } = world;
    for (const key of ['a', 'b', 'c']) await set(world, key, 1, { ttlMs: 2_000 });
    await advance(4_000);
    await until(world, async () => versionAt(await set(world, 'a', 2, { expected: { version: 99 } })) === 0);
    assert.equal((await set(world, 'a', 2, { mustExist: true })).ok, false);
    await until(world, async () => (await mapsOf(broker).get(channel, 'b')).entry === undefined);
    await until(world, async () => (await set(world, 'c', 'taken', { expected: { version: 0 } })).ok);
    assert.deepEqual(await stateOf(world), { c: 'taken' });
  });

  claim('G11: keys whose time is over make room for others', async (world) => {
    for (let i = 0; i < limits.maxKeys; i++) await set(world, `k${i}`, i, { ttlMs: 2_000 });
    await world.advance(4_000);
    await until(world, async () => (await set(world, 'another', 1)).ok);
    await until(world, async () => Object.keys(await stateOf(world)).length === 1);
  });

  claim('a key that stays is not removed when it had a time before', async (world) => {
    const { advance } = world;
    await set(world, 'a', 1, { ttlMs: 1_000 });
    await set(world, 'a', 2);
    await set(world, 'b', 1, { ttlMs: 1_000 });
    await remove(world, 'b');
    await set(world, 'b', 2);
    await advance(4_000);
    assert.deepEqual(await stateOf(world), { a: 2, b: 2 });
  });
}
