/** SIGHUP with clients connected: what is taken over, what they notice of it, and what changes nothing. */

import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { HookBackend } from '../support/servers/hook-backend.js';
import { ReloadableServer, subscribe } from './reloadable-server.js';
import { reloaded } from './reloaded.js';

const news = '"news": { subscribe: anyone, history: { size: 10, ttl: 1m } }';

describe('while clients are connected', () => {
  test('a new rule: a connected client subscribes to its channel, and nobody else notices anything', async () => {
    await using server = new ReloadableServer(`anonymous: true\nchannels:\n  ${news}`);
    const client = await server.connect();
    const events: string[] = [];
    const subscription = await subscribe(client, 'news');
    for (const event of ['subscribing', 'unsubscribed'] as const) subscription.on(event, () => events.push(event));
    client.on('connecting', () => events.push('connecting'));
    await expect(subscribe(client, 'chat:1')).rejects.toThrow('refused with 102');
    const line = await server.reload(`anonymous: true\nchannels:\n  ${news}\n  "chat:{room}": { subscribe: anyone }`);
    expect(line).toMatchObject({ changed: ['channels → chat:{room} (new)'] });
    expect(line).not.toHaveProperty('needRestart');
    const chat = client.getSubscription('chat:1');
    if (chat !== null) client.removeSubscription(chat);
    await subscribe(client, 'chat:1');
    const published = nextEvent(subscription, 'publication');
    await server.publish('news', 'still here');
    expect((await published).data).toBe('still here');
    expect(events).toEqual([]);
  });

  test('rules that shut out, end and change: each subscriber is told, and its SDK ends where a newcomer would', async () => {
    const rules = (lines: readonly string[]) =>
      `anonymous: true\nchannels:\n${lines.map((one) => `  ${one}\n`).join('')}`;
    await using server = new ReloadableServer(
      rules(['closed: { subscribe: anyone }', 'gone: { subscribe: anyone }', 'kept: { subscribe: anyone }']),
    );
    const client = await server.connect();
    const [closed, gone, kept] = [
      await subscribe(client, 'closed'),
      await subscribe(client, 'gone'),
      await subscribe(client, 'kept'),
    ];
    const outcomes = [nextEvent(closed, 'unsubscribed'), nextEvent(gone, 'unsubscribed')] as const;
    const again = [nextEvent(kept, 'subscribing'), nextEvent(kept, 'subscribed')] as const;
    const { changed } = await server.reload(
      rules(['closed: { subscribe: user }', 'kept: { subscribe: anyone, history: { size: 5, ttl: 1m } }']),
    );
    expect(changed).toEqual(['closed (changed)', 'gone (gone)', 'kept (changed)'].map((one) => `channels → ${one}`));
    expect((await outcomes[0]).code).toBe(103);
    expect((await outcomes[1]).code).toBe(102);
    expect((await again[0]).code).toBe(2502);
    expect(await again[1]).toMatchObject({ recoverable: true, wasRecovering: false });
    expect(client.state).toBe('connected');
  });

  test('limits: a lower and a higher one, for a client that is there', async () => {
    const file = (most: number) =>
      `anonymous: true\nlimits: { maxChannelsPerConnection: ${most} }\nchannels: { "chat:{room}": { subscribe: anyone } }`;
    await using server = new ReloadableServer(file(2));
    const client = await server.connect();
    await subscribe(client, 'chat:1');
    expect((await server.reload(file(1))).changed).toEqual(['limits.maxChannelsPerConnection']);
    await expect(subscribe(client, 'chat:2')).rejects.toThrow('refused with 106');
    await server.reload(file(3));
    await subscribe(client, 'chat:3');
  });

  test('hooks: the next question goes where they point by then, and rules may begin to ask them', async () => {
    await using first = await HookBackend.start();
    await using second = await HookBackend.start();
    first.on('/subscribe', () => ({ error: { code: 1000, message: 'not you' } }));
    second.on('/subscribe', () => ({ result: {} }));
    const file = (url: string, who: string) =>
      `anonymous: true\nhooks: { url: "${url}", subscribe: /subscribe }\nchannels: { "chat:{room}": { subscribe: ${who} } }`;
    await using server = new ReloadableServer(file(first.url, 'anyone'));
    const client = await server.connect();
    const subscription = await subscribe(client, 'chat:1');
    const ended = nextEvent(subscription, 'unsubscribed');
    await server.reload(file(first.url, 'hook'));
    expect((await ended).code).toBe(1000);
    expect(first.calls).toHaveLength(2);
    const { changed } = await server.reload(file(second.url, 'hook'));
    expect(changed).toEqual(['hooks.url']);
    await subscribe(client, 'chat:2');
    expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
  });
});

describe('what changes nothing', () => {
  const open = `anonymous: true\nchannels:\n  ${news}`;

  test('a file that is broken, wrong, contradictory or gone: told with what is wrong, counted, and served on', async () => {
    await using server = new ReloadableServer(open);
    const client = await server.connect();
    const subscription = await subscribe(client, 'news');
    const ended: string[] = [];
    subscription.on('subscribing', () => ended.push('subscribing'));
    const startedAt = await server.metric('fanfare_config_reload_timestamp_seconds');
    server.write(`${open}\n   indented: wrongly`);
    expect(await server.refusal()).toEqual([expect.stringMatching(/^fanfare.yaml: is not YAML/)]);
    server.write('anonymous: true\nchannels:\n  "news": { subscribe: noone }\nlimits: { commandBurst: 0 }');
    expect(await server.refusal()).toEqual([
      expect.stringContaining('channels → news → subscribe'),
      expect.stringContaining('limits.commandBurst'),
    ]);
    server.write(`${open}\nlimits: { pingInterval: 5s }`);
    expect(await server.refusal()).toEqual([expect.stringContaining('limits.pongTimeout')]);
    server.write(`${open}\ntoken: { secretFile: nowhere.key }`);
    expect(await server.refusal()).toEqual([expect.stringContaining('nowhere.key')]);
    rmSync(join(server.folder.path, 'fanfare.yaml'));
    expect(await server.refusal()).toEqual([expect.stringMatching(/fanfare.yaml: is gone/)]);
    expect(await server.metric('fanfare_config_reloads_total{outcome="failed"}')).toBe(5);
    expect(await server.metric('fanfare_config_reload_timestamp_seconds')).toBe(startedAt);
    const published = nextEvent(subscription, 'publication');
    await server.publish('news', 1);
    await published;
    expect(ended).toEqual([]);
    await server.reload(open);
    expect(await server.metric('fanfare_config_reloads_total{outcome="ok"}')).toBe(1);
    expect(await server.metric('fanfare_config_reload_timestamp_seconds')).toBeGreaterThan(startedAt);
    server.process.signal('SIGTERM');
    expect((await server.process.exited).code).toBe(0);
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read any more', async () => {
    await using server = new ReloadableServer(open);
    await server.process.listening();
    chmodSync(join(server.folder.path, 'fanfare.yaml'), 0o000);
    expect(await server.refusal()).toEqual([expect.stringContaining('may not read')]);
  });

  test('a signal while the server is shutting down', async () => {
    await using server = new ReloadableServer(`${open}\nshutdown: { deadline: 10s, delay: 5s }`);
    await server.process.listening();
    server.process.signal('SIGTERM');
    await server.process.seen('stdout', /shutting down/);
    server.process.signal('SIGHUP');
    await server.process.seen('stderr', /not reloaded: the server is shutting down/);
    server.process.signal('SIGTERM');
    await server.process.exited;
  });
});

test('signals in a row end with the newest file in force; what needs a restart is named until it has one', async () => {
  await using server = new ReloadableServer('anonymous: true\nchannels: { a: { subscribe: anyone } }');
  const client = await server.connect();
  const more =
    'anonymous: true\nworkers: 1\npath: /other\nchannels: { a: { subscribe: anyone }, b: { subscribe: anyone } }';
  server.write(more);
  for (let n = 0; n < 5; n++) server.process.signal('SIGHUP');
  expect(await reloaded(server.process)).toMatchObject({
    changed: ['path', 'channels → b (new)'],
    needRestart: ['path'],
  });
  await subscribe(client, 'b');
  server.write(more);
  server.process.signal('SIGHUP');
  expect(await reloaded(server.process, 2)).toMatchObject({ changed: [], needRestart: ['path'] });
});
