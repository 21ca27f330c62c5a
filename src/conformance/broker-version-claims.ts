/** What a broker that compares versions promises about them. */

import { strict as assert } from 'node:assert';
import type { Version } from '../engine/ports/broker.js';
import { payloadValue } from '../model/payload.js';
import { type Claim, historyOf, limits, text, type World } from './broker-claim.js';

const versioned = (number: number, epoch = ''): { readonly stream: typeof limits; readonly version: Version } => ({
  stream: limits,
  version: { number, epoch },
});

async function kept({ broker, channel }: World): Promise<unknown[]> {
  const page = await historyOf(broker).read(channel, { limit: 10, reverse: false });
  return page.publications.map(({ data }) => payloadValue(data));
}

export function versionClaims(claim: Claim): void {
  claim('what is not newer is neither kept nor delivered', async (world) => {
    const { broker, events, channel, settle } = world;
    assert.equal(broker.comparesVersions, true);
    await broker.subscribe(channel);
    const publish = (number: number) => broker.publish(channel, { data: text(number) }, versioned(number));
    const first = await publish(5);
    assert.equal(first.duplicate, false);
    for (const number of [5, 4, 1]) assert.deepEqual(await publish(number), { ...first, duplicate: true });
    const second = await publish(9_007_199_254_740_991);
    assert.deepEqual([second.duplicate, second.position.offset], [false, first.position.offset + 1]);
    assert.equal((await publish(6)).duplicate, true);
    await settle();
    assert.deepEqual(events.values(channel), [5, 9_007_199_254_740_991]);
    assert.deepEqual(await kept(world), [5, 9_007_199_254_740_991]);
  });

  claim('of versions that race, the channel ends with the newest, and none comes after a newer one', async (world) => {
    const { broker, events, channel, settle } = world;
    await broker.subscribe(channel);
    const numbers = [7, 3, 9, 1, 8, 2, 10, 4, 6, 5];
    await Promise.all(numbers.map((number) => broker.publish(channel, { data: text(number) }, versioned(number))));
    await settle();
    const values = events.values(channel).map(Number);
    assert.equal(values.at(-1), 10);
    assert.deepEqual(
      values,
      [...values].sort((a, b) => a - b),
    );
  });

  claim('versions of another epoch are newer; without an epoch they are compared with any', async (world) => {
    const { broker, channel } = world;
    const publish = async (number: number, epoch?: string) =>
      (await broker.publish(channel, { data: text(number) }, versioned(number, epoch))).duplicate;
    assert.equal(await publish(5, 'a'), false);
    assert.equal(await publish(5, 'a'), true);
    assert.equal(await publish(2, 'b'), false);
    assert.equal(await publish(2, 'b'), true);
    assert.equal(await publish(2), true);
    assert.equal(await publish(3), false);
    assert.equal(await publish(3, 'b'), false);
  });

  claim('a publication without a version leaves the newest as it is, channels are apart', async (world) => {
    const { broker, channel, other } = world;
    await broker.publish(channel, { data: text(1) }, versioned(5));
    assert.equal((await broker.publish(channel, { data: text(2) }, { stream: limits })).duplicate, false);
    assert.equal((await broker.publish(channel, { data: text(3) }, versioned(5))).duplicate, true);
    assert.equal((await broker.publish(other, { data: text(4) }, versioned(5))).duplicate, false);
  });

  claim('an idempotency key is looked at before the version', async (world) => {
    const { broker, channel } = world;
    const first = await broker.publish(channel, { data: text(1) }, { ...versioned(1), idempotencyKey: 'k' });
    await broker.publish(channel, { data: text(2) }, versioned(2));
    const again = await broker.publish(channel, { data: text(1) }, { ...versioned(1), idempotencyKey: 'k' });
    assert.deepEqual(again, { ...first, duplicate: true });
    // A skipped publication has not used up its key.
    const late = { ...versioned(1), idempotencyKey: 'late' };
    assert.equal((await broker.publish(channel, { data: text(1) }, late)).duplicate, true);
    assert.equal((await broker.publish(channel, { data: text(3) }, { ...late, ...versioned(3) })).duplicate, false);
  });
}
