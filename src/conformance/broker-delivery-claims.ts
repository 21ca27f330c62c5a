/** What a broker promises about delivery: to whom, in which order, and in which form. */

import { strict as assert } from 'node:assert';
import { type Claim, channelName, keptWhereItCanBe, member, text, unusualTexts } from './broker-claim.js';

export function deliveryClaims(claim: Claim): void {
  claim('delivers to subscribed channels only', async ({ broker, events, channel, other, settle }) => {
    await broker.subscribe(channel);
    await broker.publish(channel, { data: text('a') }, {});
    await broker.publish(other, { data: text('b') }, {});
    await settle();
    assert.deepEqual(events.values(channel), ['a']);
    assert.deepEqual(events.values(other), []);
  });

  claim('delivers nothing after unsubscribe', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    await broker.unsubscribe(channel);
    await broker.publish(channel, { data: text('late') }, {});
    await settle();
    assert.deepEqual(events.values(channel), []);
  });

  claim('subscribing twice delivers once', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    await broker.subscribe(channel);
    await broker.publish(channel, { data: text('once') }, {});
    await settle();
    assert.deepEqual(events.values(channel), ['once']);
  });

  claim('keeps the order of the publications of a channel', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const values = Array.from({ length: 50 }, (_, i) => i);
    await Promise.all(values.map((value) => broker.publish(channel, { data: text(value) }, keptWhereItCanBe(broker))));
    await settle();
    assert.deepEqual(events.values(channel), values);
    assert.deepEqual(
      events.publications(channel).map(({ publication }) => publication.offset),
      values.map((value) => (broker.history === undefined ? 0 : value + 1)),
    );
  });

  claim('delivers data, info and tags as they were', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const publication = {
      data: text({ text: 'ünï \u2028 "quoted" 🎺', nested: [1, null, { a: true }] }),
      info: { user: 'u', client: 'c', connInfo: text({ name: 'n' }), chanInfo: text('x') },
      tags: { kind: 'goal' },
    };
    await broker.publish(channel, publication, keptWhereItCanBe(broker));
    await settle();
    const offset = broker.history === undefined ? 0 : 1;
    assert.deepEqual(events.publications(channel)[0]?.publication, { ...publication, offset });
  });

  claim('delivers data and info as the text that they were', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    for (const unusual of unusualTexts) {
      const info = { user: 'u', client: 'c', connInfo: unusual, chanInfo: unusual };
      await broker.publish(channel, { data: unusual, info }, keptWhereItCanBe(broker));
      await broker.publish(channel, { data: unusual }, {});
      await broker.announce(channel, 'join', info);
    }
    await settle();
    assert.deepEqual(
      events.announcements.map(({ info }) => info.connInfo),
      [...unusualTexts],
    );
    const delivered = events.publications(channel).map(({ publication }) => publication);
    assert.deepEqual(
      delivered.map(({ data }) => data),
      unusualTexts.flatMap((unusual) => [unusual, unusual]),
    );
    for (const { data, info } of delivered)
      if (info !== undefined) assert.deepEqual([info.connInfo, info.chanInfo], [data, data]);
  });

  claim('a publication without a stream has offset 0 and no epoch', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const published = await broker.publish(channel, { data: text(1) }, {});
    await settle();
    assert.deepEqual(published, { position: { offset: 0, epoch: '' }, duplicate: false });
    assert.equal(events.publications(channel)[0]?.publication.offset, 0);
    assert.equal(events.publications(channel)[0]?.epoch, '');
  });

  claim('announces joins and leaves', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    await broker.announce(channel, 'join', member('1'));
    await broker.announce(channel, 'leave', member('1'));
    await settle();
    assert.deepEqual(events.announcements, [
      { event: 'join', channel, info: member('1') },
      { event: 'leave', channel, info: member('1') },
    ]);
  });

  claim('names that look like wildcards, keys or markup are plain names', async ({ broker, events, settle }) => {
    const names = ['*', '>', '#', 'a.*', 'a.>', '{tag}a', 'a b', '__proto__', 'constructor', 'a/b', '$SYS', 'ä:{x}'];
    const channels = names.map((name) => channelName(name));
    for (const channel of channels) await broker.subscribe(channel);
    const options = keptWhereItCanBe(broker);
    for (const channel of channels) await broker.publish(channel, { data: text(channel) }, options);
    await settle();
    for (const channel of channels) assert.deepEqual(events.values(channel), [channel]);
  });
}
