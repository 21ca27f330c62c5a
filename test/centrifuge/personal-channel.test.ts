/** The channel of each user's own, as the official client gets it, and one connection for each user. */

import { Centrifuge } from 'centrifuge';
import { type ChannelDeclaration, channel, type FanfareOptions, fanfare } from 'fanfare';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { TestApplication } from '../auth/application.js';
import { codeOfRefusal, gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { ready } from '../support/centrifuge/context.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** Where a token is the name of its user. */
async function serve(personal: FanfareOptions['personal'], channels: Record<string, ChannelDeclaration>) {
  const lines: Record<string, unknown>[] = [];
  const note = (fields: object, message: string) => lines.push({ ...fields, message });
  const app = fanfare({
    auth: ({ token }) => ({ user: token ?? null }),
    ...(personal && { personal }),
    channels,
    transports: { oneWay: true },
    log: { debug() {}, info: note, warn: note, error: note },
  });
  open.push({ close: () => app.close(500) });
  const { url } = await app.listen(0);
  const client = (token?: string) => {
    const made = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, {
      websocket: WebSocket,
      ...(token !== undefined && { token }),
      minReconnectDelay: 10,
      maxReconnectDelay: 20,
    });
    open.push({ close: () => made.disconnect() });
    return made;
  };
  return { app, url, client, lines };
}

const own = channel({ history: { size: 10 }, presence: true, userLimited: true });

describe('a personal channel', () => {
  test('is each user’s own: every connection gets it unasked, nobody else may enter, and what was missed is recovered', async () => {
    const { app, client } = await serve({ channel: 'personal:#{user}' }, { 'personal:{rest*}': own });
    const [phone, laptop, bob] = [client('ann'), client('ann'), client('bob')];
    const [onPhone, onLaptop, onBob] = [phone, laptop, bob].map((one) =>
      gather(one, 'publication', ({ channel: name, data }) => [name, data]),
    );
    const subscribed = gather(phone, 'subscribed', ({ channel: name, recovered }) => [name, recovered]);
    for (const one of [phone, laptop, bob]) one.connect();
    await Promise.all([phone.ready(), laptop.ready(), bob.ready()]);
    await app.publish('personal:#ann', 1);
    expect(await onPhone?.atLeast(1)).toEqual([['personal:#ann', 1]]);
    expect(await onLaptop?.atLeast(1)).toEqual([['personal:#ann', 1]]);
    const spying = bob.newSubscription('personal:#ann');
    const refused = nextEvent(spying, 'unsubscribed');
    spying.subscribe();
    expect((await refused).code).toBe(103);
    expect(await codeOfRefusal(bob.history('personal:#ann', { limit: 1 }))).toBe(103);
    phone.disconnect();
    await app.publish('personal:#ann', 2);
    phone.connect();
    expect(await onPhone?.atLeast(2)).toEqual([1, 2].map((data) => ['personal:#ann', data]));
    expect(await subscribed.atLeast(2)).toEqual([
      ['personal:#ann', false],
      ['personal:#ann', true],
    ]);
    expect(onBob?.items).toEqual([]);
    expect(await app.presence('personal:#ann')).toHaveLength(2);
  });

  test('nobody in particular has none', async () => {
    const { client } = await serve({ channel: 'personal:#{user}' }, { 'personal:{rest*}': own });
    const visitor = client();
    const connected = nextEvent(visitor, 'connected');
    const subscribed = gather(visitor, 'subscribed', ({ channel: name }) => name);
    visitor.connect();
    await connected;
    // What came with the connection is before any answer.
    expect(await codeOfRefusal(visitor.rpc('nothing', null))).toBe(108);
    expect(subscribed.items).toEqual([]);
  });

  test('without #, for a user whose id has colons, and whose rule lets nobody subscribe', async () => {
    const { app, client } = await serve({ channel: 'inbox:{user}' }, { 'inbox:{rest*}': channel() });
    const ann = client('org:7:ann');
    const heard = gather(ann, 'publication', ({ data }) => data);
    await ready(ann);
    await app.publish('inbox:org:7:ann', 'hi');
    expect(await heard.atLeast(1)).toEqual(['hi']);
  });

  test.each([
    ['a list of users', 'ann,bob', 107, 'personal:{rest*}'],
    ['another user behind a #', 'x#bob', 107, 'personal:{rest*}'],
    ['segments that another rule is for', 'a:b', 107, 'personal:{one}'],
    ['what no name can have', 'a\u0000b', 107, 'personal:{rest*}'],
    ['more than a name can have', 'é'.repeat(125), 107, 'personal:{rest*}'],
  ])(
    'is not given to a user whose id is %s: its connection is refused, with a line in the log',
    async (_, id, code, pattern) => {
      const { client, lines } = await serve(
        { channel: 'personal:#{user}' },
        { [pattern]: own, '{other*}': channel({ subscribe: 'anyone' }) },
      );
      const odd = client(id);
      const ended = nextEvent(odd, 'disconnected');
      odd.connect();
      expect((await ended).code).toBe(code);
      expect(lines).toContainEqual(expect.objectContaining({ option: 'personal.channel', userId: id.slice(0, 100) }));
    },
  );

  test('that the token grants, too, is what the token says of it', async () => {
    await using server = await TestApplication.start(
      { 'personal:{user}': channel({ presence: true }) },
      { personal: { channel: 'personal:{user}' } },
    );
    await server.connected({ sub: 'ann', subs: { 'personal:ann': { info: { as: 'owner' } } } });
    expect(await server.app.presence('personal:ann')).toMatchObject([{ user: 'ann', chanInfo: { as: 'owner' } }]);
  });
});

describe('one connection for each user', () => {
  test('a newer one ends the older one with 3504, for good, and no one else’s', async () => {
    const { app, client } = await serve({ singleConnection: true }, {});
    const [first, second, bob, nobody] = [client('ann'), client('ann'), client('bob'), client()];
    for (const one of [first, bob, nobody]) one.connect();
    await Promise.all([first.ready(), bob.ready(), nobody.ready()]);
    const ended = nextEvent(first, 'disconnected');
    await ready(second);
    expect((await ended).code).toBe(3504);
    expect([first, second, bob, nobody].map(({ state }) => state)).toEqual([
      'disconnected',
      'connected',
      'connected',
      'connected',
    ]);
    expect(app.numClients).toBe(3);
  });

  test('of many that come at once one is left', async () => {
    const { app, client } = await serve({ singleConnection: true }, {});
    const many = Array.from({ length: 10 }, () => client('ann'));
    const settled = many.map((one) => Promise.race([nextEvent(one, 'disconnected'), nextEvent(one, 'connected')]));
    for (const one of many) one.connect();
    await Promise.all(settled);
    await Promise.all(many.map((one) => one.ready().catch(() => undefined)));
    expect(app.numClients).toBe(1);
  });
});

describe('refused with ERR_CONFIG', () => {
  test.each<[string, FanfareOptions['personal'], Record<string, ChannelDeclaration>, string]>([
    ['a name without the user', { channel: 'personal' }, { personal: own }, 'personal.channel'],
    ['the user twice', { channel: 'a:{user}:{user}' }, { 'a:{rest*}': channel() }, 'personal.channel'],
    ['another placeholder', { channel: 'a:{id}:{user}' }, { 'a:{rest*}': channel() }, 'personal.channel'],
    [
      'nothing but the user: it could be the name of any channel',
      { channel: '{user}' },
      { '{x}': own },
      'personal.channel',
    ],
    ['what is no name', { channel: 'a\n{user}' }, { '{x}': own }, 'personal.channel'],
    ['no rule', { channel: 'personal:{user}' }, { 'chat:{room}': own }, 'personal.channel'],
    ['something behind the user of a user-limited name', { channel: '#{user}-x' }, { '{x}': own }, 'userLimited'],
  ])('%s', (_, personal, channels, named) => {
    const attempt = () => fanfare({ ...(personal && { personal }), channels });
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(named) }));
  });

  test('one connection of a limit of one', () => {
    const attempt = () => fanfare({ personal: { singleConnection: true }, limits: { maxConnectionsPerUser: 1 } });
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

test.each([
  ['user', false, true],
  ['anyone', false, true],
  ['user', true, false],
  ['nobody', false, false],
  ['token', false, false],
] as const)(
  'a rule with subscribe: %s and userLimited: %s is warned about: %s',
  async (subscribe, userLimited, isWarned) => {
    const { lines } = await serve({ channel: 'me:#{user}' }, { 'me:{x}': channel({ subscribe, userLimited }) });
    expect(lines.some(({ option }) => option === 'personal.channel')).toBe(isWarned);
  },
);
