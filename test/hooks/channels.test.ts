/** The backend says who may subscribe and publish, and until when. */

import { describe, expect, test } from 'vitest';
import { codeOfRefusal, nextEvent } from '../support/centrifuge/awaiting.js';
import { subscribed } from '../support/centrifuge/context.js';
import type { Answer } from '../support/servers/hook-backend.js';
import { HookedServer, inSeconds, knownClient, lettingIn } from './hooked-server.js';

const channels = {
  'room:{id}': { subscribe: 'hook', publish: 'hook', presence: true, history: { size: 10, ttl: '5m' } },
  'other:{id}': { subscribe: 'user', publish: 'user' },
  'score:{id}': { subscribe: 'user', publish: 'hook', map: {} },
} as const;
const hooks = {
  connect: '/connect',
  subscribe: '/subscribe',
  subRefresh: '/sub_refresh',
  publish: '/publish',
} as const;

const inRoom = { ...knownClient, user: '42', channel: 'room:1' };

type Answers = Readonly<Record<string, Answer | 'hang' | 'hang up'>>;

/** A server whose backend lets everybody in, and answers the rest as it is told. */
async function start(answers: Answers, more: object = {}): Promise<HookedServer> {
  const server = await HookedServer.start({ channels, hooks: { ...hooks, ...more } });
  lettingIn(server);
  for (const [path, answer] of Object.entries(answers)) server.backend.on(path, () => answer);
  return server;
}

describe('subscribe', () => {
  test('the request has the client, the channel and what the client sent along', async () => {
    await using server = await start({ '/subscribe': { result: {} } });
    const client = await server.connected();
    await subscribed(client, 'room:1', { data: { seat: 3 }, token: 'opaque' });
    expect(server.backend.callsTo('/subscribe').map(({ body }) => body)).toEqual([
      { ...inRoom, client: expect.stringMatching(/^.{20,}$/), token: 'opaque', data: { seat: 3 } },
    ]);
  });

  test('the result grants info, data and an override of the rule', async () => {
    const result = { info: { role: 'host' }, data: { hello: 1 }, override: { presence: { value: false } } };
    await using server = await start({ '/subscribe': { result } });
    const client = await server.connected();
    const subscription = client.newSubscription('room:1');
    const granted = nextEvent(subscription, 'subscribed');
    subscription.subscribe();
    expect((await granted).data).toEqual({ hello: 1 });
    expect((await subscription.presence()).clients).toEqual({});
    server.backend.on('/publish', () => ({ result: {} }));
    const publication = nextEvent(subscription, 'publication');
    await subscription.publish('x');
    expect((await publication).info).toMatchObject({ user: '42', chanInfo: { role: 'host' } });
  });

  test('channels of other rules are not asked about', async () => {
    await using server = await start({});
    await subscribed(await server.connected(), 'other:1');
    expect(server.backend.callsTo('/subscribe')).toEqual([]);
  });

  test('an error refuses with its code', async () => {
    await using server = await start({ '/subscribe': { error: { code: 403, message: 'permission denied' } } });
    const client = await server.connected();
    const subscription = client.newSubscription('room:1');
    const unsubscribed = nextEvent(subscription, 'unsubscribed');
    subscription.subscribe();
    expect(await unsubscribed).toMatchObject({ code: 403, reason: 'permission denied' });
  });

  test('a disconnect sends the client away', async () => {
    await using server = await start({ '/subscribe': { disconnect: { code: 4_503, reason: 'spy' } } });
    const client = await server.connected();
    const disconnected = nextEvent(client, 'disconnected');
    client.newSubscription('room:1').subscribe();
    expect(await disconnected).toMatchObject({ code: 4_503, reason: 'spy' });
  });

  test.each([
    ['a status', { status: 403, text: '{"result":{}}' }],
    ['no answer in time', 'hang' as const],
    ['no result', {}],
  ])('F16: after %s nobody is subscribed: error 100, and the client tries again', async (_, answer) => {
    await using server = await start({ '/subscribe': answer }, { timeout: '50ms' });
    const client = await server.connected();
    const subscription = client.newSubscription('room:1', { minResubscribeDelay: 10, maxResubscribeDelay: 50 });
    const error = nextEvent(subscription, 'error');
    subscription.subscribe();
    expect((await error).error.code).toBe(100);
    server.backend.on('/subscribe', () => ({ result: {} }));
    await subscription.ready(20_000);
  });

  test('is asked again on recovery', async () => {
    await using server = await start({ '/subscribe': { result: {} } });
    const client = await server.connected();
    const subscription = await subscribed(client, 'room:1');
    server.backend.on('/subscribe', () => ({ error: { code: 403, message: '' } }));
    const unsubscribed = nextEvent(subscription, 'unsubscribed');
    server.app.disconnect('42', { reconnect: true });
    expect((await unsubscribed).code).toBe(403);
  });
});

describe('sub_refresh', () => {
  test('is asked when the time has come, and changes what is said of the subscriber', async () => {
    await using server = await start({});
    let refreshes = 0;
    server.backend
      .on('/subscribe', () => ({ result: { expire_at: inSeconds(0.3), info: 'old' } }))
      .on('/sub_refresh', () => {
        refreshes++;
        return { result: refreshes === 1 ? { expire_at: inSeconds(0.3) } : { info: 'new' } };
      })
      .on('/publish', () => ({ result: {} }));
    const client = await server.connected();
    const subscription = await subscribed(client, 'room:1');
    let interruptions = 0;
    subscription.on('subscribing', () => interruptions++).on('unsubscribed', () => interruptions++);
    const [call] = await server.backend.waitFor('/sub_refresh', 2);
    expect(call?.body).toEqual(inRoom);
    const publication = nextEvent(subscription, 'publication');
    await subscription.publish(1);
    expect((await publication).info).toMatchObject({ chanInfo: 'new' });
    expect(interruptions).toBe(0);
  });

  test.each([
    ['expired', { result: { expired: true } }],
    ['an error', { error: { code: 403, message: '' } }],
  ])('%s ends the subscription, and the client subscribes again', async (_, answer) => {
    await using server = await start({ '/sub_refresh': answer });
    server.backend.on('/subscribe', () => ({ result: { expire_at: inSeconds(0.2) } }));
    const subscription = await subscribed(await server.connected(), 'room:1');
    expect((await nextEvent(subscription, 'subscribing')).code).toBe(2_501);
    await server.backend.waitFor('/subscribe', 2);
  });

  test('F16: while the backend cannot be asked the subscription stays', async () => {
    await using server = await start({ '/sub_refresh': 'hang up' });
    server.backend.on('/subscribe', () => ({ result: { expire_at: inSeconds(0.2) } }));
    const subscription = await subscribed(await server.connected(), 'room:1');
    let interruptions = 0;
    subscription.on('subscribing', () => interruptions++);
    await server.backend.waitFor('/sub_refresh', 1);
    await subscription.presenceStats();
    expect([interruptions, subscription.state]).toEqual([0, 'subscribed']);
  });

  test('without the hook it ends, and is subscribed to again', async () => {
    const { subRefresh: _, ...rest } = hooks;
    await using server = await HookedServer.start({ channels, hooks: rest });
    lettingIn(server).backend.on('/subscribe', () => ({ result: { expire_at: inSeconds(0.2) } }));
    const subscription = await subscribed(await server.connected(), 'room:1');
    expect((await nextEvent(subscription, 'subscribing')).code).toBe(2_501);
  });
});

describe('publish', () => {
  const allowed = { '/subscribe': { result: {} } };

  test('the request has the client, the channel and the message', async () => {
    await using server = await start({ ...allowed, '/publish': { result: {} } });
    const client = await server.connected();
    const subscription = await subscribed(client, 'room:1');
    const publication = nextEvent(subscription, 'publication');
    await client.publish('room:1', { text: 'hello' });
    expect((await publication).data).toEqual({ text: 'hello' });
    expect(server.backend.callsTo('/publish')[0]?.body).toEqual({ ...inRoom, data: { text: 'hello' } });
  });

  test('the request names the key of a map that is set, or removed', async () => {
    await using server = await start({ '/publish': { result: {} } });
    const client = await server.connected();
    const scores = client.newMapSubscription('score:1');
    scores.subscribe();
    await scores.ready();
    await scores.publish('ann', { points: 1 });
    await scores.remove('ann');
    const asked = { ...knownClient, user: '42', channel: 'score:1', key: 'ann' };
    expect(server.backend.callsTo('/publish').map(({ body }) => body)).toEqual([
      { ...asked, data: { points: 1 }, removed: false },
      { ...asked, data: null, removed: true },
    ]);
  });

  test('the result may have other data, plain or in base64, and tags', async () => {
    await using server = await start(allowed);
    server.backend.on('/publish', ({ body }) =>
      body.data === 'plain'
        ? { result: { data: { text: 'nicer' }, tags: { by: 'hook' } } }
        : { result: { b64data: Buffer.from('"nicest"').toString('base64') } },
    );
    const subscription = await subscribed(await server.connected(), 'room:1');
    let publication = nextEvent(subscription, 'publication');
    await subscription.publish('plain');
    expect(await publication).toMatchObject({ data: { text: 'nicer' }, tags: { by: 'hook' } });
    publication = nextEvent(subscription, 'publication');
    await subscription.publish('base64');
    expect((await publication).data).toBe('nicest');
  });

  test('the result may leave it out of the history, or make it the same as another', async () => {
    await using server = await start(allowed);
    server.backend.on('/publish', ({ body }) =>
      body.data === 'passing' ? { result: { skip_history: true } } : { result: { idempotency_key: 'once' } },
    );
    const subscription = await subscribed(await server.connected(), 'room:1');
    await subscription.publish('passing');
    await subscription.publish('a');
    await subscription.publish('b');
    const { publications } = await server.app.history('room:1');
    expect(publications.map(({ data }) => data)).toEqual(['a']);
  });

  test('an error refuses with its code, and nothing is published', async () => {
    await using server = await start({ ...allowed, '/publish': { error: { code: 1_000, message: 'rude' } } });
    const subscription = await subscribed(await server.connected(), 'room:1');
    expect(await codeOfRefusal(subscription.publish('x'))).toBe(1_000);
    expect((await server.app.history('room:1')).publications).toEqual([]);
  });

  test('a disconnect sends the client away', async () => {
    await using server = await start({ ...allowed, '/publish': { disconnect: { code: 4_504, reason: 'spam' } } });
    const client = await server.connected();
    const disconnected = nextEvent(client, 'disconnected');
    client.publish('room:1', 'x').catch(() => {});
    expect((await disconnected).code).toBe(4_504);
  });

  const undecided = ['hang', 'hang up', { status: 500, text: '' }] as const;
  test.each(undecided)('F16: without a decision nothing is published: error 100 (%j)', async (answer) => {
    await using server = await start({ ...allowed, '/publish': answer }, { timeout: '50ms' });
    const client = await server.connected();
    expect(await codeOfRefusal(client.publish('room:1', 'x'))).toBe(100);
    expect((await server.app.history('room:1')).publications).toEqual([]);
  });
});
