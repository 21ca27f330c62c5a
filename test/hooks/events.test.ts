/** The backend is told what happened, in order and at least once, until the server is gone. */

import { describe, expect, test } from 'vitest';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { subscribed } from '../support/centrifuge/context.js';
import type { HookBackend } from '../support/servers/hook-backend.js';
import { HookedServer } from './hooked-server.js';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly time_ms: number;
  readonly client?: string;
  readonly channel?: string;
  readonly [field: string]: unknown;
}

const channels = { 'room:{id}': { subscribe: 'user', presence: true }, 'plain:{id}': { subscribe: 'user' } } as const;

async function start(more: object = {}): Promise<HookedServer> {
  const server = await HookedServer.start({ channels, hooks: { connect: '/connect', events: '/events', ...more } });
  server.backend.on('/connect', () => ({ result: { user: '42', meta: { m: 1 } } })).on('/events', () => ({}));
  return server;
}

/** All events that have come, the repeated ones too. */
function eventsIn(backend: HookBackend): Event[] {
  // safe: the tests assert what is in them
  return backend.callsTo('/events').flatMap(({ body }) => body.events as Event[]);
}

/** Waits for an event of the type. */
async function until(backend: HookBackend, type: string): Promise<Event[]> {
  for (let count = 1; ; count++) {
    const events = eventsIn(backend);
    if (events.some((event) => event.type === type)) return events;
    await backend.waitFor('/events', Math.max(count, backend.callsTo('/events').length + 1));
  }
}

test('what becomes of a client and its channels, in order', async () => {
  await using server = await start();
  const client = await server.connected();
  for (const name of ['room:1', 'plain:1']) await subscribed(client, name);
  client.getSubscription('room:1')?.unsubscribe();
  await until(server.backend, 'leave');
  client.disconnect();
  const events = await until(server.backend, 'disconnected');
  expect(events.map(({ type, channel = '' }) => `${type} ${channel}`.trim())).toEqual([
    'connected',
    'occupied room:1',
    'subscribed room:1',
    'join room:1',
    'occupied plain:1',
    'subscribed plain:1',
    'vacated room:1',
    'unsubscribed room:1',
    'leave room:1',
    'vacated plain:1',
    'unsubscribed plain:1',
    'disconnected',
  ]);
  const [connected, occupied, began] = events;
  const common = { id: expect.any(String), time_ms: expect.any(Number) };
  const about = { ...common, user: '42', client: expect.any(String), transport: 'websocket' };
  expect(connected).toEqual({ ...about, type: 'connected' });
  expect(occupied).toEqual({ ...common, type: 'occupied', channel: 'room:1' });
  expect(began).toEqual({ ...about, type: 'subscribed', channel: 'room:1' });
  const ended = (type: string) => events.find((event) => event.type === type);
  expect(ended('unsubscribed')).toMatchObject({ code: 0, reason: 'client unsubscribed' });
  expect(ended('disconnected')).toMatchObject({ code: 3_000, reason: 'connection closed' });
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const [{ node } = { node: undefined }] = server.backend.callsTo('/events').map(({ body }) => body);
  expect(node).toBe((await server.app.info())[0]?.id);
  expect(await server.metrics()).toContain(`fanfare_hook_events_delivered_total ${events.length}`);
});

test('a stream that is cancelled, once, by a reader or since nobody reads it', async () => {
  const streams = { cancel: 'anyone', stopWhenAlone: '1s' } as const;
  await using server = await HookedServer.start({
    channels: { 'chat:{id}': { subscribe: 'anyone', streams } },
    ...{ anonymous: true, hooks: { events: '/events', eventTypes: ['cancelled'] } },
  });
  server.backend.on('/events', () => ({}));
  const { app } = server;
  const answer = await app.open('chat:1', { id: 'a' });
  await answer.append('so far');
  const client = await server.connected();
  await subscribed(client, 'chat:1');
  await client.rpc('fanfare.stream', { op: 'cancel', channel: 'chat:1', id: 'a' });
  await app.cancelStream('chat:1', 'a');
  await answer.close();
  await app.open('chat:2', { id: 'b' });
  for (let count = 1; eventsIn(server.backend).length < 2; count++) await server.backend.waitFor('/events', count);
  const common = { id: expect.any(String), time_ms: expect.any(Number), type: 'cancelled' };
  expect(eventsIn(server.backend)).toEqual([
    { ...common, channel: 'chat:1', stream: 'a', reason: 'cancelled' },
    { ...common, channel: 'chat:2', stream: 'b', reason: 'alone' },
  ]);
});

test('only what is asked for is told, with meta where that is asked for', async () => {
  await using server = await start({
    events: { url: '/events', includeMeta: true },
    eventTypes: ['disconnected', 'join'],
  });
  const client = await server.connected();
  await subscribed(client, 'room:1');
  client.disconnect();
  const events = await until(server.backend, 'disconnected');
  expect(events.map(({ type }) => type)).toEqual(['join', 'disconnected']);
  expect(events[0]?.meta).toEqual({ m: 1 });
});

describe('a backend that does not take them', () => {
  test('gets them again until it does, under the same ids and in the same order', async () => {
    await using server = await start();
    server.backend.on('/events', () => ({ status: 503, text: '' }));
    const client = await server.connected();
    await server.backend.waitFor('/events', 2);
    client.disconnect();
    server.backend.on('/events', () => 'hang up');
    await server.backend.waitFor('/events', 3);
    server.backend.on('/events', () => ({}));
    const events = await until(server.backend, 'disconnected');
    const kinds = new Map(events.map(({ id, type }) => [id, type]));
    expect([...kinds.values()]).toEqual(['connected', 'disconnected']);
    expect(events.length).toBeGreaterThan(2);
  });

  test('does not hold up the clients', async () => {
    await using server = await start();
    server.backend.on('/events', () => 'hang');
    const client = await server.connected();
    await server.backend.waitFor('/events', 1);
    const subscription = await subscribed(client, 'room:1');
    const publication = nextEvent(subscription, 'publication');
    await server.app.publish('room:1', 'x');
    expect((await publication).data).toBe('x');
    server.backend.on('/events', () => ({}));
  });
});

test('a server that closes tells of its last clients first', async () => {
  const server = await start();
  await server.connected();
  await until(server.backend, 'connected');
  await server.app.close(5_000);
  expect(eventsIn(server.backend).at(-1)).toMatchObject({ type: 'disconnected', code: 3_001 });
  await server[Symbol.asyncDispose]();
});
