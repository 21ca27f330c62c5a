/** Python's `cent`, unmodified, drives the server: every method that Fanfare has, with its effect on connected clients. */

import { describe, expect, it } from 'vitest';
import { apiMethods } from '../../src/http/api/methods.js';
import { ApiClient } from '../support/clients/api-client.js';
import { PythonScript, pythonIsMissing } from '../support/programs/python.js';
import { type ApiServer, apiKey, startApiServer } from '../support/servers/api-server.js';

/** `cent` against a server. Calls resolve with what the SDK returned, or raised. */
class Cent implements AsyncDisposable {
  /** Every method that has been called. */
  static readonly called = new Set<string>();
  readonly #script: PythonScript;

  constructor(
    url: string,
    private readonly flavour: string,
    key = apiKey,
  ) {
    this.#script = new PythonScript('test/http-api/cent_methods.py', { API_URL: `${url}/api`, API_KEY: key });
  }

  // biome-ignore lint/suspicious/noExplicitAny: asserted by the tests
  async ask(method: string, params: unknown): Promise<any> {
    Cent.called.add(method);
    return this.#script.ask({ client: this.flavour, method, params });
  }

  /** A call that must succeed. */
  async call(method: string, params: unknown = {}) {
    const answer = await this.ask(method, params);
    expect(answer, `${method}: ${JSON.stringify(answer)}`).not.toHaveProperty('error');
    return answer.result;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#script[Symbol.asyncDispose]();
  }
}

describe.skipIf(pythonIsMissing()).each(['sync', 'async'])('cent, %s', (flavour) => {
  async function withCent(run: (cent: Cent, server: ApiServer) => Promise<void>): Promise<void> {
    await using server = await startApiServer();
    await using cent = new Cent(server.url, flavour);
    await run(cent, server);
  }

  it('publishes, broadcasts, and reads and removes history', async () => {
    await withCent(async (cent, server) => {
      await using client = await ApiClient.connect(server, { sub: '42' });
      await client.subscribed('chat:a');
      await client.subscribed('chat:b');
      const { offset, epoch } = await cent.call('publish', {
        channel: 'chat:a',
        data: { text: 'naïve 🎺' },
        tags: { kind: 'greeting' },
        idempotency_key: 'one',
        skip_history: false,
      });
      expect({ offset, epoch }).toEqual({ offset: 1, epoch: expect.stringMatching(/./) });
      await client.sees('publication chat:a {"text":"naïve 🎺"} {"kind":"greeting"}');
      const again = await cent.call('publish', { channel: 'chat:a', data: 'other', idempotency_key: 'one' });
      expect(again).toEqual({ offset, epoch });

      const { responses } = await cent.call('broadcast', { channels: ['chat:a', 'nowhere:x', 'chat:b'], data: [1, 2] });
      expect(responses).toMatchObject([
        { result: { offset: 2, epoch } },
        { error: { code: 102 } },
        { result: { offset: 1 } },
      ]);
      await client.sees('publication chat:a [1,2]');
      await client.sees('publication chat:b [1,2]');

      const first = { data: { text: 'naïve 🎺' }, offset: 1, tags: { kind: 'greeting' } };
      const second = { data: [1, 2], offset: 2 };
      expect(await cent.call('history', { channel: 'chat:a' })).toEqual({ publications: [], offset: 2, epoch });
      expect(await cent.call('history', { channel: 'chat:a', limit: 10, reverse: true })).toEqual({
        publications: [second, first],
        offset: 2,
        epoch,
      });
      const since = { channel: 'chat:a', limit: 10, since: { offset: 1, epoch } };
      expect((await cent.call('history', since)).publications).toEqual([second]);
      expect(await cent.call('history_remove', { channel: 'chat:a' })).toEqual({});
      expect((await cent.call('history', { channel: 'chat:a', limit: 10 })).publications).toEqual([]);
    });
  });

  it('subscribes, tells presence and statistics, channels and nodes, and unsubscribes', async () => {
    await withCent(async (cent, server) => {
      await using client = await ApiClient.connect(server, { sub: '42', info: { name: 'Ada' } });
      await server.app.publish('chat:a', 'before');
      expect(
        await cent.call('subscribe', {
          user: '42',
          channel: 'chat:a',
          info: { role: 'host' },
          data: { hello: 1 },
          recover_since: { offset: 0, epoch: '' },
          override: { presence: { value: true } },
        }),
      ).toEqual({});
      await client.sees('subscribed chat:a {"hello":1}');
      await client.sees('publication chat:a "before"');
      expect(await cent.call('presence', { channel: 'chat:a' })).toEqual({
        presence: {
          [client.id]: { client: client.id, user: '42', conn_info: { name: 'Ada' }, chan_info: { role: 'host' } },
        },
      });
      expect(await cent.call('presence_stats', { channel: 'chat:a' })).toEqual({ num_clients: 1, num_users: 1 });
      expect(await cent.call('channels', { pattern: 'chat:*' })).toEqual({
        channels: { 'chat:a': { num_clients: 1 } },
      });
      expect((await cent.call('info')).nodes).toMatchObject([{ num_clients: 1, num_users: 1, num_subs: 1 }]);
      await cent.call('unsubscribe', { user: '42', channel: 'chat:a', client: client.id });
      await client.sees('unsubscribed chat:a');
      expect(await cent.call('channels')).toEqual({ channels: {} });
    });
  });

  it('refreshes and disconnects', async () => {
    await withCent(async (cent, server) => {
      await using goes = await ApiClient.connect(server, { sub: '42' });
      await using stays = await ApiClient.connect(server, { sub: '42' });
      await cent.call('refresh', { user: '42', expire_at: 4_102_444_800 });
      await cent.call('disconnect', {
        user: '42',
        whitelist: [stays.id],
        disconnect: { code: 4_500, reason: 'signed out' },
      });
      await goes.sees('disconnected 4500 signed out');
      expect(stays.events).toEqual(['connected']);
      await cent.call('disconnect', { user: '42' });
      await stays.sees('disconnected 3503 force disconnect');
    });
  });

  it('blocks and unblocks users, revokes tokens', async () => {
    await withCent(async (cent, server) => {
      const iat = Math.floor(Date.now() / 1_000) - 20;
      await using blocked = await ApiClient.connect(server, { sub: 'mallory' });
      await cent.call('block_user', { user: 'mallory' });
      await blocked.sees('disconnected 3503 force disconnect');
      await cent.call('unblock_user', { user: 'mallory' });
      blocked.sdk.connect();
      await blocked.sdk.ready(20_000);
      await using first = await ApiClient.connect(server, { sub: '42', jti: 'one', iat });
      await using second = await ApiClient.connect(server, { sub: '42', jti: 'two', iat });
      await cent.call('revoke_token', { uid: 'one', expire_at: 4_102_444_800 });
      await first.sees('disconnected 3500 invalid token');
      expect(second.events).toEqual(['connected']);
      await cent.call('invalidate_user_tokens', { user: '42', issued_before: iat + 11 });
      await second.sees('disconnected 3500 invalid token');
    });
  });

  it.each([false, true])('batches (parallel: %s)', async (parallel) => {
    await withCent(async (cent) => {
      const replies = await cent.call('batch', {
        parallel,
        commands: [
          { publish: { channel: 'chat:a', data: 1 } },
          { broadcast: { channels: ['chat:a', 'chat:b'], data: 2 } },
          { presence_stats: { channel: 'chat:a' } },
          { unsubscribe: { user: '42', channel: 'chat:a' } },
        ],
      });
      expect(replies).toMatchObject([
        { offset: 1 },
        { responses: [{ result: { offset: 2 } }, { result: { offset: 1 } }] },
        { num_clients: 0, num_users: 0 },
        {},
      ]);
    });
  });

  it("raises the SDK's own exceptions: for refusals, for a wrong key, for a broker that is away", async () => {
    await withCent(async (cent, server) => {
      expect(await cent.ask('publish', { channel: 'nowhere:x', data: 1 })).toEqual({
        error: 'CentApiResponseError',
        code: 102,
      });
      expect(await cent.ask('history', { channel: 'plain:x' })).toEqual({ error: 'CentApiResponseError', code: 108 });
      server.setBrokerDown(true);
      expect(await cent.ask('publish', { channel: 'chat:a', data: 1 })).toEqual({
        error: 'CentTransportError',
        status: 503,
      });
      await using stranger = new Cent(server.url, flavour, 'wrong');
      expect(await stranger.ask('info', {})).toEqual({ error: 'CentUnauthorizedError' });
    });
  });
});

/** Methods that `cent` does not know: those of maps and streams, and Fanfare's own. test/http-api/openapi.test.ts calls them. */
const otherMethods = [
  'map_publish',
  'map_remove',
  'map_read_state',
  'map_read_stream',
  'stream_open',
  'stream_append',
  'stream_close',
  'stream_cancel',
  'stream_wait',
  'stream_read',
  'ticket',
  'log_level',
  'nodes',
  'connections',
  'connection',
  'channels_page',
  'channel',
  'events',
  'tail',
  'config',
];

it.skipIf(pythonIsMissing())('every method of the API has been called', () => {
  const methods = [...apiMethods.map(({ name }) => name), 'batch'].filter((name) => !otherMethods.includes(name));
  expect([...Cent.called].sort()).toEqual(methods.sort());
});
