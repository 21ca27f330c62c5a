/** Each request to the API has an id: the caller's, if it is sane; in the answer, and in every log line of the request. */

import { channel, fanfare } from 'fanfare';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { apiKey, postTo } from '../support/servers/api-server.js';

const lines: Record<string, unknown>[] = [];
const note = (fields: object, message: string) => void lines.push({ ...fields, message });
const app = fanfare({
  channels: { 'chat:{room}': channel({}) },
  log: { debug: note, info: note, warn: note, error: note },
});
const { url } = await app.listen(0, { api: { keys: apiKey } });
afterAll(() => app.close(0));
beforeEach(() => void lines.splice(0));

const post = (method: string, body: unknown, headers: Record<string, string> = {}) =>
  postTo(`${url}/api/${method}`, body, { 'X-API-Key': apiKey, ...headers });

test.each([
  ['7b1f4c9e-5c1d-4f0e-8a57-1e2f3a4b5c6d'],
  ['Root=1-67891233-abcdef012345678912345678'],
  ['a'],
  ['x'.repeat(128)],
])('a sane id is taken over: %.40s', async (id) => {
  const { headers } = await post('publish', { channel: 'nowhere:a', data: 1 }, { 'X-Request-Id': id });
  expect(headers.get('x-request-id')).toBe(id);
  expect(lines.map(({ request }) => request)).toEqual([id]);
});

test.each([[''], ['x'.repeat(129)], ['a b'], ['a"b'], ['{"level":60}'], ['ä'], ['a, b']])(
  'any other is replaced: %.40s',
  async (id) => {
    const { headers } = await post('publish', { channel: 'nowhere:a', data: 1 }, { 'X-Request-Id': id });
    const made = headers.get('x-request-id') ?? '';
    expect(made).toMatch(/^[\w-]{24}$/);
    expect(lines.map(({ request }) => request)).toEqual([made]);
  },
);

test('ids that are made differ', async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => (await post('info', {})).headers.get('x-request-id')));
  expect(new Set(ids).size).toBe(3);
});

test('refusals have it too: of the key, the body, the method, the channel and an unknown field', async () => {
  const answers = [
    await postTo(`${url}/api/publish`, {}, { 'X-Request-Id': 'no-key' }),
    await post('publish', 'not json', { 'X-Request-Id': 'no-json' }),
    await post('publsih', {}, { 'X-Request-Id': 'no-method' }),
    await post('publish', { channel: 'nowhere:a', data: 1 }, { 'X-Request-Id': 'no-channel' }),
    await post('publish', { channel: 'chat:a', data: 1, whatever: 2 }, { 'X-Request-Id': 'no-field' }),
    await post('batch', { commands: [{ publish: { channel: 'nowhere:a', data: 1 } }] }, { 'X-Request-Id': 'in-batch' }),
    await postTo(
      `${url}/api`,
      { method: 'publish', params: { channel: 'nowhere:a', data: 1 } },
      { 'X-API-Key': apiKey, 'X-Request-Id': 'in-lines' },
    ),
  ];
  const ids = ['no-key', 'no-json', 'no-method', 'no-channel', 'no-field', 'in-batch', 'in-lines'];
  expect(answers.map(({ headers }) => headers.get('x-request-id'))).toEqual(ids);
  for (const line of lines) expect(ids).toContain(line.request);
  expect([...new Set(lines.map(({ request }) => request))]).toEqual(ids);
});
