/** Go's `gocent` 3, unmodified, drives the server by the older form of the API: each of its methods, and its pipe. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ApiClient } from '../support/clients/api-client.js';
import { ScriptedSdk } from '../support/clients/scripted-sdk.js';
import { skipLoudly } from '../support/programs/missing.js';
import { type ApiServer, apiKey, startApiServer } from '../support/servers/api-server.js';

const program = fileURLToPath(new URL('../../.cache/gocent', import.meta.url));

/** Where changes are checked it must be there: then it throws. */
function gocentIsMissing(): boolean {
  if (existsSync(program)) return false;
  return skipLoudly('tests with gocent', `no ${program}: scripts/install-system.sh builds it`);
}

class Gocent extends ScriptedSdk {
  constructor(url: string, key = apiKey) {
    super(program, [], { API_URL: `${url}/api`, API_KEY: key });
  }

  // biome-ignore lint/suspicious/noExplicitAny: asserted by the tests
  async call(method: string, params: unknown = {}): Promise<any> {
    // biome-ignore lint/suspicious/noExplicitAny: asserted by the tests
    const answer = (await this.ask({ method, params })) as any;
    expect(answer, `${method}: ${JSON.stringify(answer)}`).not.toHaveProperty('error');
    return answer.result;
  }
}

async function withGocent(run: (gocent: Gocent, server: ApiServer) => Promise<void>): Promise<void> {
  await using server = await startApiServer();
  await using gocent = new Gocent(server.url);
  await run(gocent, server);
}

describe.skipIf(gocentIsMissing())('gocent', () => {
  it('publishes, broadcasts, and reads and removes history', async () => {
    await withGocent(async (gocent, server) => {
      await using client = await ApiClient.connect(server, { sub: '42' });
      await client.subscribed('chat:a');
      const { offset, epoch } = await gocent.call('publish', { channel: 'chat:a', data: { text: 'naïve <🎺>' } });
      expect([offset, epoch]).toEqual([1, expect.stringMatching(/./)]);
      await client.sees('publication chat:a {"text":"naïve <🎺>"}');
      const passing = await gocent.call('publish', { channel: 'chat:a', data: 'passing', skip_history: true });
      expect(passing).toEqual({ offset: 0, epoch: '' });
      await client.sees('publication chat:a "passing"');
      expect(await gocent.call('broadcast', { channels: ['chat:a', 'nowhere', 'chat:b'], data: [1, 2] })).toEqual({
        responses: [
          { error: null, result: { offset: 2, epoch } },
          { error: { code: 102, message: expect.any(String) }, result: null },
          { error: null, result: { offset: 1, epoch: expect.any(String) } },
        ],
      });
      const page = await gocent.call('history', { channel: 'chat:a', limit: 10, reverse: true });
      expect(page).toMatchObject({ publications: [{ offset: 2, data: [1, 2] }, { offset: 1 }], offset: 2, epoch });
      const since = { channel: 'chat:a', limit: -1, since: { offset: 1, epoch } };
      expect((await gocent.call('history', since)).publications).toMatchObject([{ offset: 2 }]);
      await gocent.call('history_remove', { channel: 'chat:a' });
      expect((await gocent.call('history', { channel: 'chat:a', limit: 10 })).publications).toEqual([]);
    });
  });

  it('subscribes, tells presence, channels and nodes, unsubscribes and disconnects', async () => {
    await withGocent(async (gocent, server) => {
      await using client = await ApiClient.connect(server, { sub: '42', info: { name: 'Ada' } });
      await using stays = await ApiClient.connect(server, { sub: '42' });
      const options = { client: client.id, info: { role: 'host' }, data: { hello: 1 } };
      await gocent.call('subscribe', { channel: 'chat:a', user: '42', ...options });
      await client.sees('subscribed chat:a {"hello":1}');
      const one = { client: client.id, user: '42', conn_info: { name: 'Ada' }, chan_info: { role: 'host' } };
      expect(await gocent.call('presence', { channel: 'chat:a' })).toEqual({ presence: { [client.id]: one } });
      const stats = { num_clients: 1, num_users: 1 };
      expect(await gocent.call('presence_stats', { channel: 'chat:a' })).toEqual(stats);
      expect(Object.keys((await gocent.call('channels', { pattern: 'chat:*' })).channels)).toEqual(['chat:a']);
      expect((await gocent.call('info')).nodes).toMatchObject([{ num_clients: 2, num_users: 1, num_channels: 1 }]);
      await gocent.call('unsubscribe', { channel: 'chat:a', user: '42', client: client.id });
      await client.sees('unsubscribed chat:a');
      await gocent.call('disconnect', { user: '42', code: 4_500, reason: 'signed out', whitelist: [stays.id] });
      await client.sees('disconnected 4500 signed out');
      expect(stays.events).toEqual(['connected']);
      await gocent.call('disconnect', { user: '42' });
      await stays.sees('disconnected 3503 force disconnect');
    });
  });

  it('sends many commands in a pipe, and gets as many replies', async () => {
    await withGocent(async (gocent) => {
      const commands = [
        { method: 'publish', params: { channel: 'chat:a', data: 1 } },
        { method: 'publish', params: { channel: 'nowhere', data: 1 } },
        { method: 'broadcast', params: { channels: ['chat:a'], data: 2 } },
        { method: 'presence_stats', params: { channel: 'chat:a' } },
        { method: 'history_remove', params: { channel: 'chat:a' } },
      ];
      expect(await gocent.call('pipe', { commands })).toMatchObject([
        { error: null, result: { offset: 1 } },
        { error: { code: 102 }, result: null },
        { result: { responses: [{ result: { offset: 2 } }] } },
        { result: { num_clients: 0 } },
        { result: {} },
      ]);
    });
  });

  it('returns its own errors: for refusals, for a wrong key, for a broker that is away', async () => {
    await withGocent(async (gocent, server) => {
      const refused = (params: unknown) => gocent.ask({ method: 'history', params });
      expect(await refused({ channel: 'nowhere' })).toEqual({ error: 'Error', code: 102 });
      expect(await refused({ channel: 'plain:x' })).toEqual({ error: 'Error', code: 108 });
      await using stranger = new Gocent(server.url, 'wrong');
      expect(await stranger.ask({ method: 'info' })).toEqual({ error: 'ErrStatusCode', status: 401 });
      server.setBrokerDown(true);
      expect(await gocent.ask({ method: 'publish', params: { channel: 'chat:a', data: 1 } })).toEqual({
        error: 'ErrStatusCode',
        status: 503,
      });
    });
  });
});
