/** What a broker that keeps maps promises about their keys and changes. */

import { strict as assert } from 'node:assert';
import { maxPageLength } from '../engine/ports/map-store.js';
import { payloadText, payloadValue } from '../model/payload.js';
import { type Claim, mapChangesOf, mapsOf, member, text, unusualTexts } from './broker-claim.js';
import { applied, limits, pagesOf, remove, set, stateOf, valuesOf, versionOf } from './broker-map-steps.js';

export function mapClaims(claim: Claim): void {
  claim('a map without keys has an empty page, with a position', async ({ broker, channel }) => {
    const page = await mapsOf(broker).page(channel, { after: 0, limit: 10 });
    assert.deepEqual([page.state.entries, page.next, page.top.offset], [[], 0, 0]);
    assert.ok(page.top.epoch.length > 0);
    const { entry, top } = await mapsOf(broker).get(channel, 'a');
    assert.deepEqual([entry, top], [undefined, page.top]);
  });

  claim('a change of a map is a publication with its key, at the position that is acknowledged', async (world) => {
    const { broker, channel, events, settle } = world;
    await broker.subscribe(channel);
    const first = await set(world, 'a', 1);
    const second = await remove(world, 'a');
    await settle();
    const heard = events.publications(channel).map(({ publication, epoch }) => {
      const { key, removed, offset, data } = publication;
      return { key, removed, position: { offset, epoch }, data: payloadValue(data) };
    });
    const { top } = await mapsOf(broker).get(channel, 'a');
    assert.deepEqual(heard, [
      { key: 'a', removed: undefined, position: { offset: 1, epoch: top.epoch }, data: 1 },
      { key: 'a', removed: true, position: { offset: 2, epoch: top.epoch }, data: null },
    ]);
    assert.deepEqual(
      [first.position, second.position],
      heard.map(({ position }) => position),
    );
    const { publications } = await mapChangesOf(broker).read(channel, { limit: 10, reverse: false });
    assert.deepEqual(
      publications,
      events.publications(channel).map(({ publication }) => publication),
    );
  });

  claim('a map keeps data, info, tags and keys as they were', async (world) => {
    const { broker, channel } = world;
    const keys = ['a b', '__proto__', 'ключ\u0000', '{"x":1}'];
    for (const [index, data] of unusualTexts.entries()) {
      const entry = { key: keys[index] ?? '', data, info: member('c'), tags: { at: String(index) } };
      await mapsOf(broker).set(channel, entry, { limits });
    }
    const entries = await pagesOf(world, 10);
    assert.deepEqual(
      entries.map(({ key, data, info, tags }) => [key, payloadText(data), info, tags]),
      unusualTexts.map((data, index) => [keys[index], data, member('c'), { at: String(index) }]),
    );
    const { entry } = await mapsOf(broker).get(channel, '__proto__');
    assert.deepEqual(entry, entries[1]);
  });

  claim('pages of a map have each key once, in the order of the last changes', async (world) => {
    for (let i = 0; i < 10; i++) await set(world, `k${i}`, i);
    await set(world, 'k3', 'again');
    await remove(world, 'k7');
    const expected = ['k0', 'k1', 'k2', 'k4', 'k5', 'k6', 'k8', 'k9', 'k3'];
    for (const limit of [1, 2, 3, 9, 100]) {
      assert.deepEqual(
        (await pagesOf(world, limit)).map(({ key }) => key),
        expected,
      );
    }
  });

  claim('a page up to an offset has nothing that changed later', async (world) => {
    const { broker, channel } = world;
    for (let i = 0; i < 6; i++) await set(world, `k${i}`, i);
    await set(world, 'k0', 'later');
    const page = await mapsOf(broker).page(channel, { after: 2, upTo: 6, limit: 3 });
    assert.deepEqual([valuesOf(page.state.entries), page.top.offset], [{ k2: 2, k3: 3, k4: 4 }, 7]);
    const last = await mapsOf(broker).page(channel, { after: page.next, upTo: 6, limit: 3 });
    assert.deepEqual([valuesOf(last.state.entries), last.next], [{ k5: 5 }, 0]);
  });

  claim('a key that is set, removed and set again has the version of its last change', async (world) => {
    const { broker, channel } = world;
    await set(world, 'a', 1);
    await remove(world, 'a');
    assert.equal((await mapsOf(broker).get(channel, 'a')).entry, undefined);
    const version = await versionOf(set(world, 'a', 3));
    assert.equal(version, 3);
    assert.equal((await mapsOf(broker).get(channel, 'a')).entry?.offset, 3);
  });

  claim('removing a key that is not there changes nothing', async (world) => {
    await set(world, 'a', 1);
    const outcome = await remove(world, 'b');
    assert.deepEqual(outcome.ok ? undefined : [outcome.why, outcome.version, outcome.position.offset], [
      'absent',
      0,
      1,
    ]);
  });

  claim('a change that expects a version is made only on that version', async (world) => {
    const { broker, channel } = world;
    const version = await versionOf(set(world, 'a', 1, { expected: { version: 0 } }));
    const { epoch } = (await mapsOf(broker).get(channel, 'a')).top;
    const again = await set(world, 'a', 2, { expected: { version: 0 } });
    assert.deepEqual(again, { ok: false, why: 'version', version, position: { offset: version, epoch } });
    const other = await set(world, 'a', 2, { expected: { version, epoch: 'another' } });
    assert.equal(other.ok, false);
    const next = await versionOf(set(world, 'a', 2, { expected: { version, epoch } }));
    const late = await remove(world, 'a', { expected: { version } });
    assert.deepEqual([late.ok, late.ok || late.version], [false, next]);
    assert.equal((await remove(world, 'a', { expected: { version: next } })).ok, true);
    assert.deepEqual(await stateOf(world), {});
    const missing = await set(world, 'a', 5, { expected: { version: next } });
    assert.deepEqual([missing.ok, missing.ok || missing.version], [false, 0]);
  });

  claim('of changes that race for one version of a key, one is made', async (world) => {
    const version = await versionOf(set(world, 'a', 'start'));
    const racing = Array.from({ length: 12 }, (_, n) => set(world, 'a', n, { expected: { version } }));
    const outcomes = await Promise.all(racing);
    const winners = outcomes.flatMap(({ ok }, n) => (ok ? [n] : []));
    assert.equal(winners.length, 1);
    assert.deepEqual(await stateOf(world), { a: winners[0] });
  });

  claim('a key that must exist is not made', async (world) => {
    const outcome = await set(world, 'a', 1, { mustExist: true });
    assert.deepEqual([outcome.ok, outcome.ok || outcome.why], [false, 'absent']);
    await set(world, 'a', 1);
    assert.equal((await set(world, 'a', 2, { mustExist: true })).ok, true);
    assert.deepEqual(await stateOf(world), { a: 2 });
  });

  claim('G11: a map has as many keys as its rule says, and those can still be changed', async (world) => {
    for (let i = 0; i < limits.maxKeys; i++) await set(world, `k${i}`, i);
    const outcome = await set(world, 'more', 1);
    assert.deepEqual([outcome.ok, outcome.ok || outcome.why], [false, 'full']);
    assert.equal((await set(world, 'k0', 'changed')).ok, true);
    await remove(world, 'k1');
    assert.equal((await set(world, 'more', 1)).ok, true);
    assert.equal(Object.keys(await stateOf(world)).length, limits.maxKeys);
  });

  claim('G6: a change with a known idempotency key is not made again', async (world) => {
    const first = await set(world, 'a', 1, { idempotencyKey: 'k' });
    await set(world, 'a', 2);
    const again = await set(world, 'a', 1, { idempotencyKey: 'k' });
    assert.deepEqual(again, { ...first, duplicate: true });
    assert.deepEqual(await stateOf(world), { a: 2 });
    assert.deepEqual(await remove(world, 'a', { idempotencyKey: 'k' }), again);
    // What was refused has not used up its key.
    await set(world, 'a', 3, { expected: { version: 0 }, idempotencyKey: 'late' });
    assert.deepEqual(await set(world, 'a', 3, { idempotencyKey: 'late' }).then(({ ok }) => ok), true);
    assert.deepEqual(await stateOf(world), { a: 3 });
  });

  claim('keys and changes of two channels are apart', async (world) => {
    const { broker, other } = world;
    await set(world, 'a', 1);
    await mapsOf(broker).set(other, { key: 'a', data: text(2) }, { limits });
    assert.deepEqual(await stateOf(world), { a: 1 });
    assert.deepEqual(await stateOf({ ...world, channel: other }), { a: 2 });
  });

  claim('G1: what was read at an offset and the changes after it are the state', async (world) => {
    const { broker, channel, events, settle } = world;
    await broker.subscribe(channel);
    const changes = Array.from({ length: 60 }, (_, n) => {
      const key = `k${(n * 7) % 11}`;
      return n % 5 === 4 ? remove(world, key) : set(world, key, n);
    });
    const early = await mapsOf(broker).page(channel, { after: 0, limit: 100 });
    await Promise.all(changes);
    await settle();
    const heard = events.publications(channel).map(({ publication }) => publication);
    assert.deepEqual(
      heard.map(({ offset }) => offset),
      heard.map((_, index) => index + 1),
    );
    const expected = await stateOf(world);
    assert.deepEqual(applied(heard), expected);
    const later = heard.filter(({ offset }) => offset > early.top.offset);
    assert.deepEqual(applied([...early.state.entries, ...later]), expected);
  });

  claim('G1: pages that changes come between, and the changes after the first, are the state', async (world) => {
    const { broker, channel, events, settle } = world;
    await broker.subscribe(channel);
    for (let i = 0; i < 15; i++) await set(world, `k${i}`, i);
    const maps = mapsOf(broker);
    const first = await maps.page(channel, { after: 0, limit: 4 });
    const entries = [...first.state.entries];
    for (let after = first.next, n = 0; after !== 0; n++) {
      await set(world, `k${n}`, 'read already');
      await set(world, `k${14 - n}`, 'not read yet');
      await remove(world, `k${n + 5}`);
      await set(world, `new ${n}`, n);
      const { state, next, top } = await maps.page(channel, { after, upTo: first.top.offset, limit: 4 });
      assert.equal(top.epoch, first.top.epoch);
      entries.push(...state.entries);
      after = next;
    }
    assert.equal(new Set(entries.map(({ key }) => key)).size, entries.length);
    await settle();
    const later = events.publications(channel).map(({ publication }) => publication);
    const changes = later.filter(({ offset }) => offset > first.top.offset);
    assert.deepEqual(applied([...entries, ...changes]), await stateOf(world));
  });

  claim('G11: a page of long values is cut before it is too long, and the next has the rest', async (world) => {
    const { broker, channel } = world;
    const long = 'x'.repeat(40_000);
    for (let i = 0; i < 9; i++) await set(world, `k${i}`, long);
    const page = await mapsOf(broker).page(channel, { after: 0, limit: 9 });
    assert.ok(page.state.entries.length > 0 && page.state.length <= maxPageLength, `${page.state.length}`);
    assert.equal(page.next, page.state.entries.at(-1)?.offset);
    assert.equal((await pagesOf(world, 100)).length, 9);
  });
}
