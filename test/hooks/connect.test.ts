/** The backend says who a client is, and whether it may stay. */

import { connect } from 'fanfare/client';
import { dictionary } from 'fanfare/client/dictionary';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { codeOfLeaving, subscribed } from '../support/centrifuge/context.js';
import { signed } from '../support/servers/signed.js';
import { HookedServer, inSeconds, knownClient, lettingIn } from './hooked-server.js';

const secret = 'the-tests-of-hooks-sign-with-this-7f3a';
const channels = {
  news: { presence: true, history: { size: 10, ttl: '5m' } },
  'chat:{room}': { subscribe: 'user', publish: 'user' },
} as const;

describe('connect', () => {
  test('the request has what is known of the client, and nothing else', async () => {
    await using server = lettingIn(await HookedServer.start({ hooks: { connect: '/connect' } }));
    const client = server.client({ name: 'web', version: '1.2', data: { room: 'a' } });
    const connected = nextEvent(client, 'connected');
    client.connect();
    const { client: id } = await connected;
    const asked = { ...knownClient, client: id, name: 'web', version: '1.2', data: { room: 'a' } };
    expect(server.backend.calls.map(({ body }) => body)).toEqual([asked]);
    expect(server.app.numClients).toBe(1);
  });

  test('the request has the profile that the client says', async () => {
    await using server = lettingIn(await HookedServer.start({ hooks: { connect: '/connect' } }));
    const client = connect(server.endpoint, { websocket: WebSocket, dictionary: dictionary({ profile: 'ticker' }) });
    await client.ready();
    client.close();
    expect(server.backend.calls.map(({ body }) => body)).toMatchObject([{ profile: 'ticker' }]);
  });

  test('the result grants a user, data, channels and capabilities, and says who it is to others', async () => {
    await using server = await HookedServer.start({ channels, hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({
      result: {
        user: '42',
        info: { name: 'Ada' },
        b64data: Buffer.from('{"welcome":true}').toString('base64'),
        channels: ['chat:a'],
        subs: { news: { data: { since: 1 }, info: { seat: 3 } } },
        caps: [{ channels: ['news'], allow: ['hst', 'prs'] }],
        expire_at: 0,
      },
    }));
    const client = server.client();
    const connected = nextEvent(client, 'connected');
    const granted = gather(client, 'subscribed', ({ channel, data }) => ({ channel, data }));
    client.connect();
    expect((await connected).data).toEqual({ welcome: true });
    expect(await granted.atLeast(2)).toEqual([
      { channel: 'chat:a', data: undefined },
      { channel: 'news', data: { since: 1 } },
    ]);
    const { clients } = await client.presence('news');
    expect(Object.values(clients)).toMatchObject([{ user: '42', connInfo: { name: 'Ada' }, chanInfo: { seat: 3 } }]);
    expect((await client.history('news', { limit: 1 })).publications).toEqual([]);
  });

  test('an empty user is an anonymous client; meta is for later hooks alone, and only where they ask for it', async () => {
    await using server = await HookedServer.start({
      hooks: { connect: '/connect', rpc: { url: '/rpc', includeMeta: true }, publish: '/publish' },
      channels: { open: { publish: 'hook' } },
    });
    server.backend
      .on('/connect', () => ({ result: { user: '', meta: { plan: 'free' } } }))
      .on('/rpc', () => ({ result: { data: 1 } }))
      .on('/publish', () => ({ result: {} }));
    const client = await server.connected();
    await client.rpc('m', null);
    await client.publish('open', 1);
    expect(server.backend.callsTo('/rpc')[0]?.body).toMatchObject({ user: '', meta: { plan: 'free' } });
    expect(server.backend.callsTo('/publish')[0]?.body).not.toHaveProperty('meta');
  });

  test('a disconnect sends the client away for good, with its code', async () => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({ disconnect: { code: 4_501, reason: 'unauthorized' } }));
    const client = server.client();
    const disconnected = nextEvent(client, 'disconnected');
    client.connect();
    expect(await disconnected).toMatchObject({ code: 4_501, reason: 'unauthorized' });
  });

  test('a disconnect below 4500 lets it come back', async () => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect' } });
    let calls = 0;
    server.backend.on('/connect', () =>
      ++calls === 1 ? { disconnect: { code: 4_000, reason: 'later' } } : { result: { user: '1' } },
    );
    await server.connected();
    expect(calls).toBe(2);
  });

  test('an error that is not temporary ends the attempt with its code', async () => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({ error: { code: 1_000, message: 'custom' } }));
    expect(await codeOfLeaving(server.client())).toBe(1_000);
  });

  test.each([
    ['a status', { status: 500, text: '{"result":{"user":"42"}}' }],
    ['no JSON', { status: 200, text: '<html>' }],
    ['no user', { result: {} }],
    ['a user that is no text', { result: { user: 42 } }],
    ['neither a yes nor a no', {}],
    ['half of a connection', 'hang up' as const],
    ['nothing in time', 'hang' as const],
  ])('F16: %s lets nobody in: error 100, and the client tries again', async (_, answer) => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect', timeout: '50ms' } });
    server.backend.on('/connect', () => answer);
    const client = server.client();
    const error = nextEvent(client, 'error', ({ type }) => type === 'connect');
    client.connect();
    expect((await error).error).toMatchObject({ code: 100, temporary: true });
    server.backend.on('/connect', () => ({ result: { user: '42' } }));
    await client.ready(20_000);
  });
});

describe('connect, beside tokens', () => {
  test('a client with a token is not asked about, and one without is', async () => {
    await using server = await HookedServer.start({ token: { secret }, hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({ result: { user: 'by hook' } }));
    await server.connected({ token: await signed(secret, { sub: 'by token' }) });
    expect(server.backend.calls).toEqual([]);
    await server.connected();
    expect(server.backend.calls).toHaveLength(1);
    expect((await server.app.info())[0]?.numUsers).toBe(2);
  });

  test('a bad token is refused, whatever the backend would say', async () => {
    await using server = await HookedServer.start({ token: { secret }, hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({ result: { user: '42' } }));
    const token = `${await signed(secret, { sub: '1' })}x`;
    expect(await codeOfLeaving(server.client({ token }))).toBe(3_500);
    expect(server.backend.calls).toEqual([]);
  });

  test('without keys of its own the server hands the token to the backend', async () => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect' } });
    server.backend.on('/connect', ({ body }) =>
      body.token === 'opaque' ? { result: { user: '42' } } : { disconnect: { code: 4_501, reason: '' } },
    );
    await server.connected({ token: 'opaque' });
  });
});

describe('refresh', () => {
  const hooks = { connect: '/connect', refresh: { url: '/refresh', includeMeta: true } };

  test('is asked when the time has come, again and again, and changes what is said of the client', async () => {
    await using server = await HookedServer.start({ channels, hooks });
    let refreshes = 0;
    server.backend
      .on('/connect', () => ({
        result: {
          user: '42',
          info: 'old',
          meta: { n: 0 },
          expire_at: inSeconds(0.5),
          caps: [{ channels: ['news'], allow: ['sub', 'prs'] }],
        },
      }))
      .on('/refresh', () => {
        refreshes++;
        const expiry = refreshes === 1 ? { expire_at: inSeconds(0.5) } : {};
        return { result: { info: `new ${refreshes}`, meta: { n: refreshes }, ...expiry } };
      });
    const client = server.client();
    let disconnects = 0;
    const connected = nextEvent(client, 'connected');
    client.on('disconnected', () => disconnects++).on('connecting', () => disconnects++);
    client.connect();
    const { client: id } = await connected;
    const [first, second] = await server.backend.waitFor('/refresh', 2);
    const bodies = [0, 1].map((n) => ({ ...knownClient, client: id, user: '42', meta: { n } }));
    expect([first?.body, second?.body]).toEqual(bodies);
    // What the refresh does not speak of has stayed: the capabilities.
    const { clients } = await (await subscribed(client, 'news')).presence();
    expect(Object.values(clients)).toMatchObject([{ connInfo: 'new 2' }]);
    // The one `connecting` is the first.
    expect(disconnects).toBe(1);
  });

  test.each([
    ['expired', { result: { expired: true } }],
    ['an error', { error: { code: 1_000, message: '' } }],
  ])('%s ends the connection with 3005, and the client comes back', async (_, answer) => {
    await using server = await HookedServer.start({ hooks });
    server.backend
      .on('/connect', () => ({ result: { user: '42', expire_at: inSeconds(0.2) } }))
      .on('/refresh', () => answer);
    const client = await server.connected();
    const connecting = nextEvent(client, 'connecting');
    expect((await connecting).code).toBe(3_005);
    await client.ready(20_000);
    expect(server.backend.callsTo('/connect')).toHaveLength(2);
  });

  test('a disconnect of the backend ends it with its code', async () => {
    await using server = await HookedServer.start({ hooks });
    server.backend
      .on('/connect', () => ({ result: { user: '42', expire_at: inSeconds(0.2) } }))
      .on('/refresh', () => ({ disconnect: { code: 4_502, reason: 'banned' } }));
    const client = await server.connected();
    expect(await nextEvent(client, 'disconnected')).toMatchObject({ code: 4_502, reason: 'banned' });
  });

  test('F16: while the backend cannot be asked the connection stays, for as long as the grace is', async () => {
    await using server = await HookedServer.start({ hooks: { ...hooks, refreshGrace: '1s' } });
    server.backend
      .on('/connect', () => ({ result: { user: '42', expire_at: inSeconds(0.2) } }))
      .on('/refresh', () => 'hang up');
    const client = await server.connected();
    const connecting = nextEvent(client, 'connecting');
    await server.backend.waitFor('/refresh', 1);
    expect(client.state).toBe('connected');
    expect((await connecting).code).toBe(3_005);
    expect(server.backend.callsTo('/refresh').length).toBeGreaterThan(1);
  });

  test('without a grace it ends at once', async () => {
    await using server = await HookedServer.start({ hooks: { ...hooks, refreshGrace: 0 } });
    server.backend
      .on('/connect', () => ({ result: { user: '42', expire_at: inSeconds(0.2) } }))
      .on('/refresh', () => 'hang up');
    const client = await server.connected();
    expect((await nextEvent(client, 'connecting')).code).toBe(3_005);
  });

  test('without the hook what has expired connects again', async () => {
    await using server = await HookedServer.start({ hooks: { connect: '/connect' } });
    server.backend.on('/connect', () => ({ result: { user: '42', expire_at: inSeconds(0.2) } }));
    const client = await server.connected();
    expect((await nextEvent(client, 'connecting')).code).toBe(3_005);
    await server.backend.waitFor('/connect', 2);
  });
});
