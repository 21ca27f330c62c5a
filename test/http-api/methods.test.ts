/** What the methods of the HTTP API do, seen by connected clients; the Python client in cent.test.ts does it again. */

import { afterAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/clients/api-client.js';
import { startApiServer } from '../support/servers/api-server.js';

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());

/** Calls a method that succeeds. */
async function call(method: string, body: unknown) {
  const answer = await server.post(method, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.body).not.toHaveProperty('error');
  return answer.body.result;
}

async function refusal(method: string, body: unknown) {
  const { status, body: answer } = await server.post(method, body);
  return { status, code: answer.error?.code };
}

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

describe('publish', () => {
  it('delivers and keeps data and tags, plain or in base64, which wins', async () => {
    await using client = await ApiClient.connect(server, { sub: 'publish' });
    await client.subscribed('chat:publish');
    const { epoch } = await call('publish', { channel: 'chat:publish', data: { n: 1 }, tags: { a: 'b' } });
    expect(await call('publish', { channel: 'chat:publish', data: 0, b64data: b64({ n: 2 }) })).toEqual({
      offset: 2,
      epoch,
    });
    await client.sees('publication chat:publish {"n":1} {"a":"b"}');
    await client.sees('publication chat:publish {"n":2}');
    const { publications } = await call('history', { channel: 'chat:publish', limit: 10 });
    expect(publications).toEqual([
      { data: { n: 1 }, offset: 1, tags: { a: 'b' } },
      { data: { n: 2 }, offset: 2 },
    ]);
  });

  it('delivers without keeping when told to skip the history, and says no position', async () => {
    await using client = await ApiClient.connect(server, { sub: 'skip' });
    await client.subscribed('chat:skip');
    expect(await call('publish', { channel: 'chat:skip', data: 1, skip_history: true })).toEqual({});
    await client.sees('publication chat:skip 1');
    expect(await call('history', { channel: 'chat:skip', limit: 10 })).toMatchObject({ publications: [], offset: 0 });
  });

  it('takes null as data, and as an optional field that is absent', async () => {
    await call('publish', { channel: 'chat:null', data: null, tags: null, idempotency_key: null, delta: null });
    const { publications } = await call('history', { channel: 'chat:null', limit: 1, since: null });
    expect(publications).toEqual([{ data: null, offset: 1 }]);
  });

  it('leaves out what is not newer, and says where the channel is', async () => {
    await using client = await ApiClient.connect(server, { sub: 'version' });
    await client.subscribed('chat:version');
    const publish = (version: number, epoch?: string) =>
      call('publish', { channel: 'chat:version', data: version, version, version_epoch: epoch });
    const first = await publish(3);
    expect(first).toMatchObject({ offset: 1 });
    expect(await publish(3)).toEqual(first);
    expect(await publish(2)).toEqual(first);
    expect(await publish(4)).toMatchObject({ offset: 2 });
    expect(await publish(1, 'again')).toMatchObject({ offset: 3 });
    const broadcast = { channels: ['chat:version', 'chat:version-2'], data: 1, version: 1, version_epoch: 'again' };
    const { responses } = await call('broadcast', broadcast);
    expect(responses).toMatchObject([{ result: { offset: 3 } }, { result: { offset: 1 } }]);
    for (const version of [3, 4, 1]) await client.sees(`publication chat:version ${version}`);
    expect(client.events.filter((event) => event.startsWith('publication'))).toHaveLength(3);
  });

  it('refuses a version that cannot be compared, in place of delivering what may be outdated', async () => {
    const refused = { status: 200, code: 108 };
    expect(await refusal('publish', { channel: 'plain:x', data: 1, version: 3 })).toEqual(refused);
    const passing = { channel: 'chat:version-3', data: 1, version: 3, skip_history: true };
    expect(await refusal('publish', passing)).toEqual(refused);
    for (const version of [-1, 1.5, 2 ** 53]) {
      const { status } = await server.post('publish', { channel: 'chat:version-3', data: 1, version });
      expect(status, `${version}`).toBe(400);
    }
    // 0 is none.
    expect(await call('publish', { channel: 'plain:x', data: 1, version: 0, version_epoch: '' })).toEqual({});
  });

  it('accepts delta without effect', async () => {
    await using client = await ApiClient.connect(server, { sub: 'delta' });
    await client.subscribed('chat:delta');
    await call('publish', { channel: 'chat:delta', data: 'whole', delta: true });
    await client.sees('publication chat:delta "whole"');
  });

  it('makes one publication of racing retries with one key', async () => {
    const request = { channel: 'chat:race', data: 1, idempotency_key: 'once' };
    const results = await Promise.all(Array.from({ length: 20 }, () => call('publish', request)));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await call('history', { channel: 'chat:race' })).toMatchObject({ offset: 1 });
  });

  it('refuses a message that is too large: 200 with 107, or 413 where statuses are asked for', async () => {
    const request = { channel: 'chat:large', data: 'x'.repeat(70_000) };
    expect(await refusal('publish', request)).toEqual({ status: 200, code: 107 });
    const { status, body } = await server.post('publish', request, { 'X-Centrifugo-Error-Mode': 'transport' });
    expect({ status, code: body.code }).toEqual({ status: 413, code: 107 });
  });
});

describe('connections', () => {
  it('subscribes with info, data, an override and a place to begin from', async () => {
    await call('publish', { channel: 'chat:sub', data: 'before' });
    const { epoch } = await call('publish', { channel: 'chat:sub', data: 'missed' });
    await using client = await ApiClient.connect(server, { sub: 'sub', info: { name: 'Ada' } });
    await call('subscribe', {
      user: 'sub',
      channel: 'chat:sub',
      b64info: b64({ role: 'host' }),
      data: { hello: 1 },
      recover_since: { offset: 1, epoch },
      expire_at: inAnHour(),
    });
    await client.sees('subscribed chat:sub {"hello":1}');
    await client.sees('publication chat:sub "missed"');
    expect(client.events).not.toContain('publication chat:sub "before"');
    const { presence } = await call('presence', { channel: 'chat:sub' });
    expect(presence).toEqual({
      [client.id]: { user: 'sub', client: client.id, conn_info: { name: 'Ada' }, chan_info: { role: 'host' } },
    });
    await using hidden = await ApiClient.connect(server, { sub: 'hidden' });
    await call('subscribe', { user: 'hidden', channel: 'chat:sub', override: { presence: { value: false } } });
    await hidden.sees('subscribed chat:sub');
    expect(await call('presence_stats', { channel: 'chat:sub' })).toEqual({ num_clients: 1, num_users: 1 });
  });

  it('unsubscribes one connection of a user by client, or by session', async () => {
    await using first = await ApiClient.connect(server, { sub: 'two' });
    await using second = await ApiClient.connect(server, { sub: 'two' });
    await first.subscribed('chat:two');
    await second.subscribed('chat:two');
    await call('unsubscribe', { user: 'two', channel: 'chat:two', client: first.id, session: second.id });
    await call('unsubscribe', { user: 'another', channel: 'chat:two', client: first.id });
    expect(await call('presence_stats', { channel: 'chat:two' })).toMatchObject({ num_clients: 2 });
    await call('unsubscribe', { user: 'two', channel: 'chat:two', session: first.id });
    await first.sees('unsubscribed chat:two 2000');
    expect(await call('presence_stats', { channel: 'chat:two' })).toMatchObject({ num_clients: 1 });
  });

  it('disconnects with a code and reason of the caller, save those on the whitelist', async () => {
    await using goes = await ApiClient.connect(server, { sub: 'bye' });
    await using stays = await ApiClient.connect(server, { sub: 'bye' });
    await call('disconnect', { user: 'bye', whitelist: [stays.id], disconnect: { code: 4_500, reason: 'signed out' } });
    await goes.sees('disconnected 4500 signed out');
    expect(stays.events).toEqual(['connected']);
    await call('disconnect', { user: 'bye', disconnect: { code: 0, reason: '' } });
    await stays.sees('disconnected 3503 force disconnect');
  });

  it('refreshes: new info to be seen by others, and an end at once when expired', async () => {
    await using client = await ApiClient.connect(server, { sub: 'ref' });
    await call('refresh', { user: 'ref', expire_at: inAnHour(), info: { name: 'Grace' } });
    await client.subscribed('chat:ref');
    const { presence } = await call('presence', { channel: 'chat:ref' });
    expect(presence[client.id]).toMatchObject({ conn_info: { name: 'Grace' } });
    await call('refresh', { user: 'ref', expired: true });
    await expect.poll(() => server.app.numClients).toBe(0);
  });

  const aboutUsers = ['subscribe', 'unsubscribe', 'disconnect', 'refresh'];
  it.each(aboutUsers)('%s of nobody is refused, not everybody', async (method) => {
    expect(await refusal(method, { channel: 'chat:x' })).toEqual({ status: 200, code: 107 });
    expect(await refusal(method, { user: '', channel: 'chat:x' })).toEqual({ status: 200, code: 107 });
  });
});

describe('channels', () => {
  it('lists channels with subscribers, by pattern; one may be called like a property of every object', async () => {
    await using client = await ApiClient.connect(server, { sub: 'list' });
    for (const name of ['chat:list-a', 'chat:list-b', 'plain:__proto__']) await client.subscribed(name);
    const channels = (pattern?: string) => call('channels', { pattern });
    expect(await channels('chat:list-*')).toEqual({
      channels: { 'chat:list-a': { num_clients: 1 }, 'chat:list-b': { num_clients: 1 } },
    });
    expect(await channels('*__proto__')).toEqual({ channels: { 'plain:__proto__': { num_clients: 1 } } });
    expect(Object.keys((await channels()).channels)).toHaveLength(3);
    expect(await call('info', {})).toMatchObject({ nodes: [{ num_clients: 1, num_subs: 3, num_channels: 3 }] });
  });

  it('reads history forward, backward, by place and by limit; removes it without moving the position', async () => {
    for (const n of [1, 2, 3]) await call('publish', { channel: 'chat:hist', data: n });
    const read = async (query: object) => {
      const { publications } = await call('history', { channel: 'chat:hist', ...query });
      return publications.map(({ data }: { data: unknown }) => data);
    };
    const { epoch } = await call('history', { channel: 'chat:hist' });
    expect(await read({})).toEqual([]);
    expect(await read({ limit: -1 })).toEqual([1, 2, 3]);
    expect(await read({ limit: 2 })).toEqual([1, 2]);
    expect(await read({ limit: 2, reverse: true })).toEqual([3, 2]);
    expect(await read({ limit: 9, since: { offset: 1, epoch } })).toEqual([2, 3]);
    expect(await read({ limit: 9, since: { offset: 3, epoch }, reverse: true })).toEqual([2, 1]);
    const gone = { channel: 'chat:hist', limit: 9, since: { offset: 1, epoch: 'other' } };
    expect(await refusal('history', gone)).toEqual({ status: 200, code: 112 });
    await call('history_remove', { channel: 'chat:hist' });
    expect(await call('history', { channel: 'chat:hist', limit: 9 })).toEqual({ publications: [], epoch, offset: 3 });
  });

  const aboutChannels = ['presence', 'presence_stats', 'history', 'history_remove'];
  it.each(aboutChannels)('%s of what is not kept → 108', async (method) => {
    expect(await refusal(method, { channel: 'plain:x' })).toEqual({ status: 200, code: 108 });
  });
});

describe('access', () => {
  it('blocks a user, who is let in again when unblocked', async () => {
    await using client = await ApiClient.connect(server, { sub: 'mallory' });
    await call('block_user', { user: 'mallory', expire_at: inAnHour() });
    await client.sees('disconnected 3503 force disconnect');
    client.sdk.connect();
    await expect.poll(() => client.events.filter((event) => event.startsWith('disconnected')).length).toBe(2);
    await call('unblock_user', { user: 'mallory' });
    client.sdk.connect();
    await client.sdk.ready(20_000);
  });

  it('revokes one token by its id', async () => {
    await using revoked = await ApiClient.connect(server, { sub: 'rev', jti: 'one' });
    await using other = await ApiClient.connect(server, { sub: 'rev', jti: 'two' });
    await call('revoke_token', { uid: 'one' });
    await revoked.sees('disconnected 3500 invalid token');
    expect(other.events).toEqual(['connected']);
  });

  it("invalidates a user's tokens from before a time", async () => {
    const iat = Math.floor(Date.now() / 1_000);
    await using early = await ApiClient.connect(server, { sub: 'inv', iat: iat - 100 });
    await using late = await ApiClient.connect(server, { sub: 'inv', iat: iat - 10 });
    await call('invalidate_user_tokens', { user: 'inv', issued_before: iat - 50 });
    await early.sees('disconnected 3500 invalid token');
    expect(late.events).toEqual(['connected']);
    await call('invalidate_user_tokens', { user: 'inv' });
    await late.sees('disconnected 3500 invalid token');
    expect(await refusal('invalidate_user_tokens', { user: 'inv', channel: 'x' })).toEqual({ status: 200, code: 108 });
  });
});

describe('batch', () => {
  it.each([false, true])('has a reply for each command, in their order (parallel: %s)', async (parallel) => {
    const channel = `chat:batch-${parallel}`;
    const { status, body } = await server.post('batch', {
      parallel,
      commands: [
        { publish: { channel, data: 1 } },
        { publish: { channel: 'nowhere:x', data: 1 } },
        { publish: { channel: 5, data: 1 } },
        { broadcast: { channels: [channel, 'nowhere:x'], data: 2 } },
        { history: { channel, limit: parallel ? 0 : 9 } },
        { presence_stats: { channel } },
        { rpc: { method: 'x' } },
        { batch: { commands: [] } },
        {},
      ],
    });
    expect(status).toBe(200);
    expect(body.replies).toMatchObject([
      { publish: { offset: 1 } },
      { error: { code: 102 } },
      { error: { code: 107 } },
      { broadcast: { responses: [{ result: { offset: 2 } }, { error: { code: 102 } }] } },
      { history: { publications: parallel ? [] : [{ data: 1 }, { data: 2 }] } },
      { presence_stats: { num_clients: 0 } },
      { error: { code: 104 } },
      { error: { code: 104 } },
      { error: { code: 104 } },
    ]);
  });

  it('of nothing has no replies', async () =>
    expect((await server.post('batch', { commands: [] })).body).toEqual({ replies: [] }));
});
