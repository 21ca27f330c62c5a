/** What a broker promises about idempotency keys (guarantee G6). */

import { strict as assert } from 'node:assert';
import { idempotencyWindowMs } from '../engine/ports/broker.js';
import { type Claim, historyOf, limits, text } from './broker-claim.js';

export function idempotencyClaims(claim: Claim): void {
  claim('one key is one publication, however many race', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const options = { stream: limits, idempotencyKey: 'k' };
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => broker.publish(channel, { data: text(i) }, options)),
    );
    await settle();
    assert.equal(events.values(channel).length, 1);
    assert.equal(all.filter(({ duplicate }) => !duplicate).length, 1);
    for (const { position } of all) assert.deepEqual(position, all[0]?.position);
  });

  claim('another payload under a known key is the first publication', async ({ broker, channel }) => {
    const first = await broker.publish(channel, { data: text('a') }, { stream: limits, idempotencyKey: 'k' });
    const second = await broker.publish(channel, { data: text('b') }, { stream: limits, idempotencyKey: 'k' });
    assert.deepEqual(second, { position: first.position, duplicate: true });
    const page = await historyOf(broker).read(channel, { limit: 10, reverse: false });
    assert.deepEqual(
      page.publications.map(({ data }) => data),
      [text('a')],
    );
  });

  claim('keys of different channels are apart', async ({ broker, channel, other }) => {
    await broker.publish(channel, { data: text(1) }, { stream: limits, idempotencyKey: 'k' });
    const { duplicate } = await broker.publish(other, { data: text(1) }, { stream: limits, idempotencyKey: 'k' });
    assert.equal(duplicate, false);
  });

  claim('a key works without a stream too', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    await broker.publish(channel, { data: text(1) }, { idempotencyKey: 'k' });
    await broker.publish(channel, { data: text(1) }, { idempotencyKey: 'k' });
    await settle();
    assert.deepEqual(events.values(channel), [1]);
  });

  claim('a key is forgotten after its window', async ({ broker, channel, advance }) => {
    const options = { stream: { size: 5, ttlMs: idempotencyWindowMs * 4 }, idempotencyKey: 'k' };
    await broker.publish(channel, { data: text(1) }, options);
    // A tenth is seconds, which a real broker may take on a busy machine.
    await advance(idempotencyWindowMs * 0.9);
    assert.equal((await broker.publish(channel, { data: text(1) }, options)).duplicate, true);
    await advance(idempotencyWindowMs * 0.2);
    assert.equal((await broker.publish(channel, { data: text(1) }, options)).duplicate, false);
  });
}
