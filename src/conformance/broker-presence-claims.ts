/** What a broker that keeps presence promises about it. */

import { strict as assert } from 'node:assert';
import { byClient, type Claim, member, presenceOf, text, unusualTexts } from './broker-claim.js';

export function presenceClaims(claim: Claim): void {
  const ttlMs = 60_000;

  claim('lists who is there, and counts clients and users', async ({ broker, channel, other }) => {
    const store = presenceOf(broker);
    await store.add(channel, member('1', 'ann'), ttlMs);
    await store.add(channel, member('2', 'ann'), ttlMs);
    await store.add(channel, member('3', 'bob'), ttlMs);
    assert.deepEqual(byClient(await store.list(channel, 10)), [
      member('1', 'ann'),
      member('2', 'ann'),
      member('3', 'bob'),
    ]);
    assert.deepEqual(await store.stats(channel), { numClients: 3, numUsers: 2 });
    assert.deepEqual(await store.stats(other), { numClients: 0, numUsers: 0 });
    assert.equal((await store.list(channel, 2)).length, 2);
  });

  claim('keeps info as the text that it was', async ({ broker, channel }) => {
    const store = presenceOf(broker);
    const members = unusualTexts.map((unusual, n) => ({ ...member(String(n)), connInfo: unusual, chanInfo: unusual }));
    for (const one of members) await store.add(channel, one, ttlMs);
    assert.deepEqual(byClient(await store.list(channel, 10)), members);
  });

  claim('adding again renews and replaces', async ({ broker, channel }) => {
    const store = presenceOf(broker);
    await store.add(channel, member('1', 'ann'), ttlMs);
    const renewed = { ...member('1', 'ann'), chanInfo: text('new') };
    await store.add(channel, renewed, ttlMs);
    assert.deepEqual(await store.list(channel, 10), [renewed]);
    assert.deepEqual(await store.stats(channel), { numClients: 1, numUsers: 1 });
  });

  claim('removing takes out one client, once', async ({ broker, channel }) => {
    const store = presenceOf(broker);
    await store.add(channel, member('1', 'ann'), ttlMs);
    await store.add(channel, member('2', 'ann'), ttlMs);
    await store.remove(channel, '1');
    await store.remove(channel, '1');
    await store.remove(channel, 'nobody');
    assert.deepEqual(await store.list(channel, 10), [member('2', 'ann')]);
    assert.deepEqual(await store.stats(channel), { numClients: 1, numUsers: 1 });
  });

  claim('an entry that is not renewed is gone after its time', async ({ broker, channel, advance }) => {
    const store = presenceOf(broker);
    await store.add(channel, member('1', 'ann'), ttlMs);
    await advance(ttlMs / 2);
    await store.add(channel, member('2', 'bob'), ttlMs);
    await advance(ttlMs / 2 + 1);
    assert.deepEqual(await store.list(channel, 10), [member('2', 'bob')]);
    assert.deepEqual(await store.stats(channel), { numClients: 1, numUsers: 1 });
    await advance(ttlMs);
    assert.deepEqual(await store.stats(channel), { numClients: 0, numUsers: 0 });
  });
}
