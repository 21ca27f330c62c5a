/** What a broker that carries bytes promises about them: each comes back as it was, delivered and kept. */

import { strict as assert } from 'node:assert';
import type { Payload } from '../model/payload.js';
import { type Claim, historyOf, keptWhereItCanBe, limits, member, text } from './broker-claim.js';

/** Nothing; what is no UTF-8; what could be mistaken for text, numbers or separators; more than one packet. */
const unusualBytes: readonly Uint8Array[] = [
  new Uint8Array(),
  Uint8Array.from({ length: 256 }, (_, i) => i),
  Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x0a, 0x00),
  new TextEncoder().encode('{"text":"JSON, as bytes"}'),
  Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31) % 251),
];

export function bytesClaims(claim: Claim): void {
  claim('says that it carries bytes', async ({ broker }) => assert.equal(broker.carriesBytes, true));

  claim('delivers bytes as they were, between JSON', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const sent: Payload[] = [];
    for (const options of [{}, keptWhereItCanBe(broker)]) {
      for (const data of unusualBytes) {
        await broker.publish(channel, { data }, options);
        await broker.publish(channel, { data: text('between') }, options);
        await broker.publish(channel, { data, info: member('1'), tags: { kind: 'frame' } }, options);
        sent.push(data, text('between'), data);
      }
    }
    await settle();
    const delivered = events.publications(channel).map(({ publication }) => publication);
    assert.deepEqual(
      delivered.map(({ data }) => plain(data)),
      sent,
    );
    assert.deepEqual(delivered[2]?.info, member('1'));
    assert.deepEqual(delivered[2]?.tags, { kind: 'frame' });
  });

  claim('keeps bytes as they were', async ({ broker, channel }) => {
    if (broker.history === undefined) return;
    for (const data of unusualBytes) await broker.publish(channel, { data }, { stream: limits });
    for (const reverse of [false, true]) {
      const { publications } = await historyOf(broker).read(channel, { limit: 10, reverse });
      const kept = publications.map(({ data }) => plain(data));
      assert.deepEqual(reverse ? kept.reverse() : kept, unusualBytes);
    }
  });
}

/** A `Buffer` is as good as any other `Uint8Array`. */
function plain(data: Payload): Payload {
  return data instanceof Uint8Array ? new Uint8Array(data) : data;
}
