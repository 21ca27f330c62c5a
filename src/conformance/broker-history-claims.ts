/** What a broker that keeps history promises about streams. */

import { strict as assert } from 'node:assert';
import type { Broker } from '../engine/ports/broker.js';
import type { ChannelName } from '../model/channel-name.js';
import type { JsonText } from '../model/json-text.js';
import { type Claim, historyOf, limits, text, unusualTexts } from './broker-claim.js';

export function historyClaims(claim: Claim): void {
  const fill = async (broker: Broker, channel: ChannelName, count: number) => {
    for (let i = 1; i <= count; i++) await broker.publish(channel, { data: text(i) }, { stream: limits });
  };

  claim('reads a stream that was never published to as empty, with an epoch', async ({ broker, channel }) => {
    const page = await historyOf(broker).read(channel, { limit: 10, reverse: false });
    assert.equal(page.top.offset, 0);
    assert.ok(page.top.epoch.length > 0);
    assert.deepEqual([page.publications, page.continuous], [[], true]);
  });

  claim('an acknowledged position is where the publication is', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const before = await historyOf(broker).read(channel, { limit: 0, reverse: false });
    const { position } = await broker.publish(channel, { data: text('x') }, { stream: limits });
    await settle();
    assert.deepEqual(position, { offset: 1, epoch: before.top.epoch });
    assert.equal(events.publications(channel)[0]?.epoch, position.epoch);
    assert.deepEqual((await historyOf(broker).read(channel, { limit: 0, reverse: false })).top, position);
  });

  claim('keeps data and info as the text that they were', async ({ broker, channel }) => {
    const info = (unusual: JsonText) => ({ user: 'u', client: 'c', connInfo: unusual });
    for (const unusual of unusualTexts) {
      await broker.publish(channel, { data: unusual, info: info(unusual) }, { stream: limits });
    }
    const { publications } = await historyOf(broker).read(channel, { limit: 10, reverse: false });
    assert.deepEqual(
      publications.map(({ data, info }) => [data, info]),
      unusualTexts.map((unusual) => [unusual, info(unusual)]),
    );
  });

  claim('keeps tags as they were, and none where there were none', async ({ broker, channel }) => {
    const all = [{ kind: 'goal', 'with space': 'ünï "🎺"' }, undefined, { empty: '' }, {}];
    for (const [n, tags] of all.entries()) {
      await broker.publish(channel, { data: text(n), ...(tags && { tags }) }, { stream: limits });
    }
    for (const reverse of [false, true]) {
      const { publications } = await historyOf(broker).read(channel, { limit: 10, reverse });
      const kept = publications.map(({ tags }) => tags ?? {});
      assert.deepEqual(
        reverse ? kept.reverse() : kept,
        all.map((tags) => tags ?? {}),
      );
    }
  });

  claim('keeps the newest publications up to the size', async ({ broker, channel }) => {
    await fill(broker, channel, 8);
    const page = await historyOf(broker).read(channel, { limit: 100, reverse: false });
    assert.deepEqual(
      page.publications.map(({ offset }) => offset),
      [4, 5, 6, 7, 8],
    );
    assert.equal(page.top.offset, 8);
  });

  claim('reads forwards and backwards, with limits', async ({ broker, channel }) => {
    await fill(broker, channel, 5);
    const read = async (limit: number, reverse: boolean, since?: number) => {
      const query = { limit, reverse, ...(since !== undefined && { since: { offset: since } }) };
      return (await historyOf(broker).read(channel, query)).publications.map(({ offset }) => offset);
    };
    assert.deepEqual(await read(2, false), [1, 2]);
    assert.deepEqual(await read(2, true), [5, 4]);
    assert.deepEqual(await read(10, false, 3), [4, 5]);
    assert.deepEqual(await read(1, false, 3), [4]);
    assert.deepEqual(await read(10, true, 3), [2, 1]);
    assert.deepEqual(await read(1, true, 3), [2]);
    assert.deepEqual(await read(10, false, 5), []);
    assert.deepEqual(await read(0, false), []);
  });

  claim('says whether a page follows its starting point without a hole', async ({ broker, channel }) => {
    await fill(broker, channel, 8);
    const { epoch } = (await historyOf(broker).read(channel, { limit: 0, reverse: false })).top;
    const continuous = async (offset: number, inEpoch: string | undefined) => {
      const since = { offset, ...(inEpoch !== undefined && { epoch: inEpoch }) };
      return (await historyOf(broker).read(channel, { limit: 10, reverse: false, since })).continuous;
    };
    assert.equal(await continuous(8, epoch), true, 'at the top nothing is missing');
    assert.equal(await continuous(3, epoch), true, '4 is the oldest that is kept');
    assert.equal(await continuous(2, epoch), false, '3 is gone');
    assert.equal(await continuous(9, epoch), false, 'above the top');
    assert.equal(await continuous(8, 'another'), false, 'another epoch');
    assert.equal(await continuous(8, ''), false, 'an empty epoch is not any epoch');
    assert.equal(await continuous(3, undefined), true, 'without an epoch, any');
  });

  claim('empties a stream after its time and keeps the position', async ({ broker, channel, advance }) => {
    await fill(broker, channel, 3);
    const { top } = await historyOf(broker).read(channel, { limit: 0, reverse: false });
    await advance(limits.ttlMs + 1);
    const page = await historyOf(broker).read(channel, {
      limit: 10,
      reverse: false,
      since: { offset: 1, epoch: top.epoch },
    });
    assert.deepEqual(page, { top, publications: [], continuous: false });
    const { position } = await broker.publish(channel, { data: text('next') }, { stream: limits });
    assert.deepEqual(position, { offset: 4, epoch: top.epoch });
  });

  claim('each publication puts the end of the stream off', async ({ broker, channel, advance }) => {
    await fill(broker, channel, 1);
    await advance(limits.ttlMs - 1_000);
    await fill(broker, channel, 1);
    await advance(limits.ttlMs - 1_000);
    assert.equal((await historyOf(broker).read(channel, { limit: 10, reverse: false })).publications.length, 2);
  });

  claim('removing history leaves the position', async ({ broker, channel }) => {
    await fill(broker, channel, 3);
    const { top } = await historyOf(broker).read(channel, { limit: 0, reverse: false });
    await historyOf(broker).remove(channel);
    assert.deepEqual(await historyOf(broker).read(channel, { limit: 10, reverse: false }), {
      top,
      publications: [],
      continuous: true,
    });
  });

  claim('streams of different channels are apart', async ({ broker, channel, other }) => {
    await fill(broker, channel, 3);
    await fill(broker, other, 1);
    assert.equal((await historyOf(broker).read(channel, { limit: 0, reverse: false })).top.offset, 3);
    assert.equal((await historyOf(broker).read(other, { limit: 0, reverse: false })).top.offset, 1);
  });
}
