/** Who may do what with a channel: rules, capabilities, names of users, functions; and that it is asked again on recovery. */

import { channel } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { codeOf, outcomeOf, sign, subscribe, TestApplication } from './application.js';

const all = ['sub', 'pub', 'prs', 'hst'];

describe('without a word about it', () => {
  test('everything is denied (103), to users with good tokens too', async () => {
    await using server = await TestApplication.start({
      closed: channel({ history: { size: 1, read: 'nobody' }, presence: 'nobody' }),
    });
    const ann = await server.connected({ sub: 'ann' });
    expect(await subscribe(ann, 'closed')).toBe(103);
    expect(await codeOf(ann.publish('closed', 1))).toBe(103);
    expect(await codeOf(ann.presence('closed'))).toBe(103);
    expect(await codeOf(ann.presenceStats('closed'))).toBe(103);
    expect(await codeOf(ann.history('closed', { limit: 1 }))).toBe(103);
    expect(await codeOf(ann.publish('unknown', 1))).toBe(102);
  });
});

describe('capabilities', () => {
  const rules = {
    'news:{id}': channel({ history: { size: 5, read: 'nobody' }, presence: 'nobody' }),
    'other:{id}': channel({ history: { size: 5, read: 'nobody' }, presence: 'nobody' }),
  };
  const attempts = async (server: TestApplication, claims: object, name: string) => {
    const client = await server.connected({ sub: 'ann', ...claims });
    return {
      sub: await subscribe(client, name),
      pub: await codeOf(client.publish(name, 1)),
      prs: await codeOf(client.presence(name)),
      hst: await codeOf(client.history(name, { limit: 1 })),
    };
  };
  const only = (action: string) => Object.fromEntries(all.map((name) => [name, name === action ? undefined : 103]));

  test.each(all)('%s opens one action', async (action) => {
    await using server = await TestApplication.start(rules);
    const caps = [{ channels: ['news:1'], allow: [action] }];
    expect(await attempts(server, { caps }, 'news:1')).toEqual(only(action));
    expect(await attempts(server, { caps }, 'news:2')).toEqual(only(''));
  });

  test('wildcards open what fits them and nothing beside', async () => {
    await using server = await TestApplication.start(rules);
    const caps = [{ channels: ['news:*'], match: 'wildcard', allow: all }];
    expect(await attempts(server, { caps }, 'news:anything')).toEqual({});
    expect(await attempts(server, { caps }, 'other:news')).toEqual(only(''));
    // Without the word, a star is a character.
    const literal = [{ channels: ['news:*'], allow: all }];
    expect(await attempts(server, { caps: literal }, 'news:anything')).toEqual(only(''));
  });

  test('open no channel that no rule knows (102)', async () => {
    await using server = await TestApplication.start(rules);
    const client = await server.connected({ sub: 'ann', caps: [{ channels: ['*'], match: 'wildcard', allow: all }] });
    expect(await subscribe(client, 'unknown')).toBe(102);
  });

  test.each([
    ['an unknown action', [{ channels: ['a'], allow: ['root'] }]],
    ['a regular expression', [{ channels: ['^a'], match: 'regex', allow: ['sub'] }]],
    ['no list', { channels: ['a'] }],
  ])('%s makes the token a bad one (3500)', async (_, caps) => {
    await using server = await TestApplication.start(rules);
    expect(await server.attempt({ sub: 'ann', caps })).toBe(3500);
  });

  test('a new token replaces them while the connection lasts', async () => {
    // It asks as fast as it can, and shall be denied by its capabilities and not by its rate.
    await using server = await TestApplication.start(rules, { limits: { commandsPerSec: 0 } });
    const caps = [{ channels: ['news:1'], allow: ['pub'] }];
    const client = await server.connected(
      { sub: 'ann', expiresInSec: 1, caps },
      { getToken: () => sign({ sub: 'ann', expiresInSec: 600 }) },
    );
    expect(await codeOf(client.publish('news:1', 1))).toBeUndefined();
    // The new token is there when it is denied.
    const denied = async (): Promise<void> => {
      if ((await codeOf(client.publish('news:1', 1))) === undefined) await denied();
    };
    await denied();
    expect(await codeOf(client.publish('news:1', 1))).toBe(103);
    expect(client.state).toBe('connected');
  });
});

describe('channels that end in the names of users', () => {
  const rules = {
    'dialog:{users}': channel({ userLimited: true, publish: 'subscriber', history: { size: 1 }, presence: true }),
    'inbox:{name}': channel({ userLimited: true, subscribe: 'user' }),
    'plain:{name}': channel({ subscribe: 'user' }),
  };

  test.each([
    ['ann', 'dialog:#ann', undefined],
    ['ann', 'dialog:#ann,bob', undefined],
    ['bob', 'dialog:#ann,bob', undefined],
    ['eve', 'dialog:#ann,bob', 103],
    ['an', 'dialog:#ann', 103],
    ['ann', 'dialog:#annette', 103],
    ['ann,bob', 'dialog:#ann,bob', 103],
    ['', 'dialog:#', 103],
    ['', 'dialog:#ann,', 103],
    ['ann', 'dialog:eve#ann', undefined],
    ['eve', 'dialog:eve#ann', 103],
    ['ann', 'inbox:x#ann', undefined],
    ['eve', 'inbox:x#ann', 103],
    ['eve', 'inbox:x', undefined],
    ['eve', 'plain:#ann', undefined],
  ])('"%s" and %s: %s', async (user, name, expected) => {
    await using server = await TestApplication.start(rules, { anonymous: true });
    expect(await subscribe(await server.connected({ sub: user }), name)).toBe(expected);
  });

  test('no capability lets others in', async () => {
    await using server = await TestApplication.start(rules);
    const caps = [{ channels: ['*'], match: 'wildcard', allow: all }];
    const eve = await server.connected({ sub: 'eve', caps });
    expect(await subscribe(eve, 'dialog:#ann,bob')).toBe(103);
    for (const command of [
      eve.publish('dialog:#ann,bob', 1),
      eve.history('dialog:#ann,bob', { limit: 1 }),
      eve.presence('dialog:#ann,bob'),
    ]) {
      expect(await codeOf(command)).toBe(103);
    }
  });
});

describe('functions', () => {
  test('say no with a code of their own', async () => {
    await using server = await TestApplication.start({
      full: channel({ subscribe: () => ({ error: { code: 1_400, message: 'full' } }) }),
      busy: channel({ publish: () => ({ error: { code: 1_500, message: 'busy', temporary: true } }) }),
      banned: channel({ subscribe: () => ({ disconnect: { code: 4_500, reason: 'banned' } }) }),
      kicked: channel({ publish: () => ({ disconnect: { code: 4_000, reason: 'later' } }) }),
    });
    const ann = await server.connected({ sub: 'ann' });
    expect(await subscribe(ann, 'full')).toBe(1_400);
    expect(await codeOf(ann.publish('busy', 1))).toBe(1_500);
    // From 4000 up to 4499 the client comes back.
    const left = nextEvent(ann, 'connecting');
    const back = nextEvent(ann, 'connected');
    void codeOf(ann.publish('kicked', 1));
    expect((await left).code).toBe(4_000);
    await back;
    // From 4500 up it does not.
    const gone = nextEvent(ann, 'disconnected');
    ann.newSubscription('banned').subscribe();
    expect(await gone).toEqual({ code: 4_500, reason: 'banned' });
  });

  test('grant a subscription that differs from the rule', async () => {
    await using server = await TestApplication.start({
      'room:{id}': channel({
        presence: true,
        joinLeave: true,
        subscribe: ({ user }) => ({
          info: { as: user },
          data: { welcome: user },
          override: user === 'spy' ? { presence: false, joinLeave: false } : { pushJoinLeave: true },
        }),
      }),
    });
    const ann = await server.connected({ sub: 'ann' });
    const room = ann.newSubscription('room:1');
    const joined = gather(room, 'join', ({ info }) => info.user);
    const welcome = nextEvent(room, 'subscribed');
    room.subscribe();
    expect((await welcome).data).toEqual({ welcome: 'ann' });
    for (const sub of ['spy', 'bob'])
      expect(await subscribe(await server.connected({ sub }), 'room:1')).toBeUndefined();
    // Its own join comes too.
    expect(await joined.atLeast(2)).toEqual(['ann', 'bob']);
    const { clients } = await room.presence();
    expect(Object.values(clients).map(({ user, chanInfo }) => [user, chanInfo])).toEqual([
      ['ann', { as: 'ann' }],
      ['bob', { as: 'bob' }],
    ]);
  });

  test('an end that the server renews, until it does not any more (2501, and 103 when it is asked again)', async () => {
    let mayStay = true;
    const asked: string[] = [];
    const inASecond = () => Date.now() / 1_000 + 0.6;
    await using server = await TestApplication.start(
      {
        'room:{id}': channel({
          subscribe: () => mayStay && { expiresAt: inASecond() },
          renew: ({ user }) => {
            asked.push(String(user));
            if (asked.length === 2) mayStay = false;
            return mayStay && { expiresAt: inASecond() };
          },
        }),
      },
      { limits: { expiredGraceMs: 0 } },
    );
    const ann = await server.connected({ sub: 'ann' });
    const room = ann.newSubscription('room:1');
    const left = gather(room, 'subscribing', ({ code }) => code);
    const ended = nextEvent(room, 'unsubscribed');
    room.subscribe();
    expect((await ended).code).toBe(103);
    expect(left.items).toEqual([0, 2501]);
    expect(asked).toEqual(['ann', 'ann']);
    expect(ann.state).toBe('connected');
  });
});

describe('subscribe by the server', () => {
  test('overrides the rule for the subscriptions that it makes', async () => {
    await using server = await TestApplication.start({
      'room:{id}': channel({ presence: true, history: { size: 5 } }),
    });
    for (const sub of ['spy', 'ann']) await server.connected({ sub });
    expect(await server.app.subscribe('spy', 'room:1', { override: { presence: false } })).toBe(1);
    expect(await server.app.subscribe('ann', 'room:1', { info: { seat: 1 } })).toBe(1);
    expect(await server.app.presence('room:1')).toMatchObject([{ user: 'ann', chanInfo: { seat: 1 } }]);
  });
});

describe('subscription tokens', () => {
  test('override the rule for one subscription', async () => {
    await using server = await TestApplication.start({
      'room:{id}': channel({ subscribe: 'token', presence: true, history: { size: 5 } }),
    });
    const grant = async (sub: string, claims: object) =>
      subscribe(await server.connected({ sub }), 'room:1', {
        token: await sign({ sub, channel: 'room:1', ...claims }),
      });
    expect(await grant('spy', { override: { presence: { value: false } } })).toBeUndefined();
    expect(await grant('ann', { info: { seat: 1 } })).toBeUndefined();
    const members = await server.app.presence('room:1');
    expect(members).toMatchObject([{ user: 'ann', chanInfo: { seat: 1 } }]);
  });
});

describe('refresh by the server', () => {
  test('puts the end of connections off, or brings it about (3005)', async () => {
    await using server = await TestApplication.start({}, { limits: { expiredGraceMs: 0 } });
    const client = await server.connected(
      { sub: 'ann', expiresInSec: 1 },
      { getToken: () => new Promise(() => undefined) },
    );
    const left = gather(client, 'connecting', ({ code }) => code);
    server.app.refresh('ann', { expiresAt: Date.now() / 1_000 + 600 });
    const again = await server.connected(
      { sub: 'bob', expiresInSec: 1 },
      { getToken: () => new Promise(() => undefined) },
    );
    const expired = nextEvent(again, 'connecting');
    expect((await expired).code).toBe(3005);
    expect([client.state, left.items]).toEqual(['connected', []]);
    const ended = nextEvent(client, 'connecting');
    server.app.refresh('ann', { expiresAt: Date.now() / 1_000 });
    expect((await ended).code).toBe(3005);
  });
});

describe('G9 what was withdrawn while a client was away', () => {
  const away = async (server: TestApplication, meanwhile: () => Promise<unknown>) => {
    server.app.disconnect('ann', { reconnect: true });
    await meanwhile();
  };

  test('a permission of a function: denied (103), and not one publication', async () => {
    const members = new Set(['ann']);
    await using server = await TestApplication.start({
      'room:{id}': channel({ subscribe: ({ user }) => members.has(String(user)), history: { size: 100 } }),
    });
    const ann = await server.connected({ sub: 'ann' });
    const room = ann.newSubscription('room:1');
    const received = gather(room, 'publication', ({ data }) => data);
    expect(await outcomeOf(room)).toBeUndefined();
    await server.app.publish('room:1', 'public');
    await received.atLeast(1);
    const ended = nextEvent(room, 'unsubscribed');
    await away(server, async () => {
      members.delete('ann');
      for (let i = 0; i < 10; i++) await server.app.publish('room:1', `secret ${i}`);
    });
    expect((await ended).code).toBe(103);
    await server.app.publish('room:1', 'secret as well');
    await ann.rpc('unknown', {}).catch(() => undefined);
    expect(received.items).toEqual(['public']);
  });

  test('a capability: denied (103)', async () => {
    await using server = await TestApplication.start({ 'room:{id}': channel({ history: { size: 100 } }) });
    const caps = [{ channels: ['room:1'], allow: ['sub'] }];
    const getToken = () => sign({ sub: 'ann' });
    const ann = await server.connected({ sub: 'ann', caps }, { getToken });
    const room = ann.newSubscription('room:1');
    const received = gather(room, 'publication', ({ data }) => data);
    expect(await outcomeOf(room)).toBeUndefined();
    ann.setToken('');
    const ended = nextEvent(room, 'unsubscribed');
    await away(server, () => server.app.publish('room:1', 'secret'));
    expect((await ended).code).toBe(103);
    expect(received.items).toEqual([]);
  });

  test('a channel of the connection token: gone', async () => {
    await using server = await TestApplication.start({ 'room:{id}': channel({ history: { size: 100 } }) });
    const ann = await server.connected(
      { sub: 'ann', channels: ['room:1', 'room:2'] },
      { getToken: () => sign({ sub: 'ann', channels: ['room:2'] }) },
    );
    const received = gather(ann, 'publication', ({ channel: name, data }) => [name, data]);
    ann.setToken('');
    const gone = nextEvent(ann, 'unsubscribed');
    await away(server, async () => {
      for (const name of ['room:1', 'room:2']) await server.app.publish(name as 'room:1', 'missed');
    });
    expect((await gone).channel).toBe('room:1');
    await server.app.publish('room:1', 'secret');
    await server.app.publish('room:2', 'later');
    expect(await received.atLeast(2)).toEqual([
      ['room:2', 'missed'],
      ['room:2', 'later'],
    ]);
  });
});
