/** The keys of a map over the HTTP API: set, compared and set, read in pages and one by one, removed. */

import { afterAll, beforeEach, expect, test } from 'vitest';
import { startApiServer } from '../support/servers/api-server.js';

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());

let channel = '';
let numMaps = 0;
beforeEach(() => {
  channel = `scores:${numMaps++}`;
});

async function call(method: string, fields: object = {}): Promise<unknown> {
  const { body } = await server.post(method, { channel, ...fields });
  return body.result ?? body;
}

const set = (key: string, data: unknown, fields: object = {}) => call('map_publish', { key, data, ...fields });
const state = (fields: object = {}) => call('map_read_state', { limit: -1, ...fields });

test('keys are read in the order of their last changes, with the position of the channel', async () => {
  await set('ann', 1);
  await set('bob', 2, { tags: { team: 'red' } });
  expect(await set('ann', 3)).toMatchObject({ offset: 3, epoch: expect.any(String) });
  expect(await state()).toEqual({
    entries: [
      { key: 'bob', data: 2, offset: 2, tags: { team: 'red' } },
      { key: 'ann', data: 3, offset: 3 },
    ],
    offset: 3,
    epoch: expect.any(String),
    num_keys: 2,
  });
  expect(await state({ key: 'bob' })).toMatchObject({ entries: [{ key: 'bob', data: 2 }], offset: 3 });
  expect(await state({ key: 'carol' })).toMatchObject({ entries: [], offset: 3 });
  expect(await state({ limit: 0 })).toMatchObject({ entries: [], offset: 3, num_keys: 2 });
});

test('a page leads to the next one, until all keys are read', async () => {
  for (let n = 0; n < 5; n++) await set(`k${n}`, n);
  const keys: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    // safe: so it is documented
    const page = (await state({ limit: 2, cursor })) as { entries: { key: string }[]; cursor?: string };
    expect(page.entries.length).toBeLessThanOrEqual(2);
    keys.push(...page.entries.map(({ key }) => key));
    cursor = page.cursor;
  }
  expect(keys).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
});

test('of those that set a key with the same expected version one succeeds, and the others are told the version', async () => {
  await set('ann', 0);
  const outcomes = await Promise.all([1, 2, 3].map((n) => set('ann', n, { expected_version: 1 })));
  const lost = { suppressed: true, suppress_reason: 'position_mismatch', version: 2 };
  expect(outcomes).toEqual([
    { offset: 2, epoch: expect.any(String) },
    expect.objectContaining(lost),
    expect.objectContaining(lost),
  ]);
  expect(await state()).toMatchObject({ entries: [{ data: 1 }], offset: 2 });
});

test.each([
  ['if_new', 'there', 'key_exists'],
  ['if_exists', 'absent', 'key_not_found'],
])('%s changes nothing where the key is %s', async (mode, where, reason) => {
  await set('there', 0);
  expect(await set(where, 1, { key_mode: mode })).toMatchObject({ suppressed: true, suppress_reason: reason });
  expect(await state()).toMatchObject({ entries: [{ key: 'there', data: 0 }], offset: 1 });
});

test('a removed key is gone from the state, and its removal is among the changes', async () => {
  await set('ann', 1);
  expect(await call('map_remove', { key: 'ann' })).toMatchObject({ offset: 2 });
  expect(await call('map_remove', { key: 'ann' })).toMatchObject({
    suppressed: true,
    suppress_reason: 'key_not_found',
  });
  expect(await state()).toMatchObject({ entries: [], offset: 2 });
  expect(await call('map_read_stream', { limit: -1 })).toMatchObject({
    entries: [
      { key: 'ann', data: 1, offset: 1 },
      { key: 'ann', removed: true, offset: 2 },
    ],
    offset: 2,
  });
});

test('a repeated call with the same idempotency key changes nothing more', async () => {
  const first = await set('ann', 1, { idempotency_key: 'once' });
  expect(await set('ann', 1, { idempotency_key: 'once' })).toEqual({
    ...(first as object),
    suppressed: true,
    suppress_reason: 'idempotency',
  });
  expect(await state()).toMatchObject({ offset: 1 });
});

test.each(['map_publish', 'map_remove', 'map_read_state'])(
  '%s of a channel that is no map is refused',
  async (method) => {
    channel = 'chat:lobby';
    expect(await call(method, { key: 'ann', data: 1 })).toMatchObject({ error: { code: 108 } });
  },
);

test('what the rule says about the map is told with the channel', async () => {
  expect(await call('channel')).toMatchObject({
    rule: { map: { size: 10_000, max_bytes: 134_217_728, key: 'any' } },
  });
});
