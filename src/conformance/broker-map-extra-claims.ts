/** What maps may have besides: limits of bytes, and keys that are renewed without a change. */

import { strict as assert } from 'node:assert';
import type { MapLimits } from '../engine/ports/map-store.js';
import { type Claim, mapsOf, text } from './broker-claim.js';

const limits: MapLimits = { stream: { size: 100, ttlMs: 60_000 }, maxKeys: 20 };

export function mapBytesClaims(claim: Claim): void {
  claim('G11: a map has no more characters than its rule says', async ({ broker, channel }) => {
    const maps = mapsOf(broker);
    assert.equal(maps.boundsBytes, true);
    const set = (key: string, value: string) =>
      maps.set(channel, { key, data: text(value) }, { limits: { ...limits, maxBytes: 50 } });
    // 20 characters each, with the key and the quotes.
    assert.equal((await set('a', 'x'.repeat(17))).ok, true);
    assert.equal((await set('b', 'x'.repeat(17))).ok, true);
    const refused = await set('c', 'x'.repeat(17));
    assert.deepEqual(refused.ok ? undefined : [refused.why, refused.tooMany], ['full', 'bytes']);
    assert.equal((await set('a', 'x'.repeat(28))).ok, false);
    assert.equal((await set('a', 'x'.repeat(27))).ok, true);
    assert.equal((await set('b', 'x')).ok, true);
    assert.equal((await set('c', 'x')).ok, true);
  });
}

export function mapRenewalClaims(claim: Claim): void {
  claim('a key that is renewed stays, without a change, and one that is not there is told', async (world) => {
    const { broker, channel, advance } = world;
    const maps = mapsOf(broker);
    await maps.set(channel, { key: 'a', data: text(1) }, { limits, ttlMs: 3_000 });
    await maps.set(channel, { key: 'b', data: text(1) }, { limits, ttlMs: 3_000 });
    for (let n = 0; n < 4; n++) {
      await advance(1_500);
      assert.equal(await maps.renew?.(channel, 'a', 3_000), true);
    }
    const { state, top } = await maps.page(channel, { after: 0, limit: 10 });
    assert.deepEqual(
      state.entries.map(({ key }) => key),
      ['a'],
    );
    // Two were set, and one has gone.
    assert.equal(top.offset, 3);
    assert.equal(await maps.renew?.(channel, 'b', 3_000), false);
    assert.equal(await maps.renew?.(channel, 'c', 3_000), false);
    await advance(5_000);
    assert.equal((await maps.get(channel, 'a')).entry, undefined);
  });
}
