/** Slips of the fingers in calls of the HTTP API: names of methods and of fields that there are not. */

import { afterAll, expect, it } from 'vitest';
import { startApiServer } from '../support/servers/api-server.js';

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());

const publication = { channel: 'chat:a', data: 1 };
const told = (api: string) => server.warnings.filter((line) => line.api === api).map(({ field }) => field);

it.each([
  ['publsih', 'publish'],
  ['Publish', 'publish'],
  ['presence-stats', 'presence_stats'],
  ['presenceStats', 'presence_stats'],
  ['batches', 'batch'],
  ['historyremove', 'history_remove'],
])('an unknown method, %s, is answered with 404, 104 and the one that was meant', async (name, meant) => {
  const { status, body, headers } = await server.post(name, publication);
  expect([status, body.error.code]).toEqual([404, 104]);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(body.error.message).toContain(`"${meant}"`);
  const inMode = await server.post(name, publication, { 'X-Centrifugo-Error-Mode': 'transport' });
  expect([inMode.status, inMode.body.code]).toEqual([404, 104]);
});

it('an unknown method is not run, and a name like none gets no guess', async () => {
  const { body } = await server.post('rpc_everything_please', publication);
  expect(body.error.message).not.toContain('did you mean');
  const { body: batch } = await server.post('batch', { commands: [{ publsih: publication }] });
  expect(batch.replies[0].error).toMatchObject({ code: 104, message: expect.stringContaining('"publish"') });
  expect((await server.post('history', { channel: 'chat:a' })).body.result.offset).toBe(0);
});

it('a path below the API is looked at only when it is posted to', async () => {
  const { status } = await fetch(`${server.url}/api/publsih`);
  expect(status).toBe(404);
});

it('an unknown field is warned about once, with the one that was meant, and ignored', async () => {
  const misspelt = { channel: 'chat:b', data: 1, idempotency_kye: 'k', skip_histroy: true };
  for (let time = 0; time < 3; time++)
    expect((await server.post('publish', misspelt)).body.result.offset).toBe(time + 1);
  const lines = server.warnings.filter(({ api }) => api === 'publish');
  expect(lines).toMatchObject([
    { field: 'idempotency_kye', hint: expect.stringContaining('"idempotency_key"') },
    { field: 'skip_histroy', hint: expect.stringContaining('"skip_history"') },
  ]);
});

it('fields inside fields, in a batch and in the older form are looked at too', async () => {
  await server.post('disconnect', { user: 'nobody', disconnect: { code: 4_500, resaon: 'x' }, clients: [] });
  expect(told('disconnect')).toEqual(['disconnect.resaon', 'clients']);
  await server.post('history', { channel: 'chat:a', since: { offset: 0, epoh: 'x' } });
  expect(told('history')).toEqual(['since.epoh']);
  await server.post('subscribe', { user: '1', channel: 'chat:a', override: { presense: { value: true } } });
  expect(told('subscribe')).toEqual(['override.presense']);
  await server.post('batch', { commands: [{ info: { verbose: true } }], paralel: true });
  expect([told('batch'), told('info')]).toEqual([['paralel'], ['verbose']]);
});

it('tags may have any names, and what is no name is not written into the log', async () => {
  await server.post('broadcast', { channels: ['chat:c'], data: { any: 1 }, tags: { colour: 'red' } });
  expect(told('broadcast')).toEqual([]);
  await server.post('broadcast', { channels: ['chat:c'], data: 1, 'se\u001bcret \n': 1, ['x'.repeat(100)]: 1 });
  expect(told('broadcast')).toEqual(['(not a name)']);
});

it('whoever makes up names does not fill the log', async () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`made_up_${at}`, 1]));
  await server.post('presence', { channel: 'chat:a', ...many });
  expect(server.warnings.length).toBeLessThanOrEqual(200);
});
