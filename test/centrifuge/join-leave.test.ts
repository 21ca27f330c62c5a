/** `fanfare.joinLeave` as the official client can call it: changed in place, refused with a code, never the application's. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare, rpc } from 'fanfare';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { gather } from '../support/centrifuge/awaiting.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const app = fanfare({
  anonymous: true,
  channels: {
    room: channel({ subscribe: 'anyone', joinLeave: true, presence: true }),
    plain: channel({ subscribe: 'anyone' }),
    lobby: channel({ subscribe: 'anyone', joinLeave: 'push' }),
    quiet: channel({ joinLeave: 'push', subscribe: () => ({ override: { pushJoinLeave: false } }) }),
  },
  log,
});
const { url } = await app.listen(0);
afterAll(() => app.close(500));

function connected(): Centrifuge {
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
  onTestFinished(() => client.disconnect());
  client.connect();
  return client;
}

async function visitor(name = 'room'): Promise<void> {
  const client = connected();
  const room = client.newSubscription(name);
  room.subscribe();
  await room.ready();
  client.disconnect();
}

it('begins and stops telling a subscription who comes and goes, without touching it', async () => {
  const client = connected();
  const events: string[] = [];
  const room = client.newSubscription('room');
  room.on('subscribing', () => events.push('subscribing'));
  room.on('join', () => events.push('join'));
  const left = () => new Promise<void>((resolve) => room.once('leave', () => resolve()));
  room.subscribe();
  await room.ready();
  await visitor();
  const wish = (joinLeave: boolean) => client.rpc('fanfare.joinLeave', { channel: 'room', joinLeave });
  expect(await wish(true)).toEqual({ data: { joinLeave: true } });
  const gone = left();
  await visitor();
  await gone;
  expect(await wish(false)).toEqual({ data: { joinLeave: false } });
  await visitor();
  await room.presence();
  expect(events).toEqual(['subscribing', 'join']);
  const plain = client.newSubscription('plain');
  plain.subscribe();
  await plain.ready();
  const notGranted = client.rpc('fanfare.joinLeave', { channel: 'plain', joinLeave: true });
  expect(await notGranted).toEqual({ data: { joinLeave: false } });
});

it('tells everybody where the rule says push, whether they ask or not', async () => {
  const client = connected();
  const lobby = client.newSubscription('lobby');
  const traffic = gather(lobby, 'join', () => 'join');
  lobby.on('leave', () => traffic.add('leave'));
  lobby.subscribe();
  // Its own join comes, too.
  await traffic.atLeast(1);
  await visitor('lobby');
  expect(await traffic.atLeast(3)).toEqual(['join', 'join', 'leave']);
  // It is not for one client to say no.
  const wish = client.rpc('fanfare.joinLeave', { channel: 'lobby', joinLeave: false });
  expect(await wish).toEqual({ data: { joinLeave: true } });
});

it('where the rule says push, a grant may spare one subscription, which may still ask', async () => {
  const client = connected();
  const quiet = client.newSubscription('quiet');
  const joins = gather(quiet, 'join', () => 'join');
  quiet.subscribe();
  await quiet.ready();
  await visitor('quiet');
  const wish = client.rpc('fanfare.joinLeave', { channel: 'quiet', joinLeave: true });
  expect(await wish).toEqual({ data: { joinLeave: true } });
  expect(joins.items).toEqual([]);
  await visitor('quiet');
  await joins.atLeast(1);
});

it.each([
  ['fanfare.joinLeave', { channel: 'room', joinLeave: true }, 103],
  ['fanfare.joinLeave', { channel: 'nowhere', joinLeave: true }, 102],
  ['fanfare.joinLeave', { channel: 'a\u0000b', joinLeave: true }, 107],
  ['fanfare.joinLeave', { channel: 'room' }, 107],
  ['fanfare.joinLeave', null, 107],
])('refuses %s with %j: %i', async (method, data, code) => {
  const client = connected();
  await expect(client.rpc(method, data)).rejects.toMatchObject({ code });
});

it('is a name that an application cannot declare', () => {
  const run = () => 1;
  expect(() => fanfare({ rpc: { 'fanfare.joinLeave': rpc({ run }) }, log })).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG' }),
  );
});
