/** SIGHUP to a server of several workers: all of them take a configuration over, or none does. */

import { readFileSync } from 'node:fs';
import { Centrifuge, type Subscription } from 'centrifuge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { refused, reloaded } from '../cli/reloaded.js';

const numWorkers = 3;
const common = 'anonymous: true\ninternal: { port: 0 }\napi: { insecure: true, internalOnly: true }';
const news = '"news": { subscribe: anyone, history: { size: 10, ttl: 1m } }';

let folder: Folder;
let server: FanfareProcess;
let url: string;
const clients: Centrifuge[] = [];

function write(rules: string): void {
  folder.write('fanfare.yaml', `${common}\nchannels:\n  ${news}\n${rules}`);
}

beforeEach(async () => {
  folder = new Folder();
  write('');
  server = new FanfareProcess(['serve', '--port', '0', '--workers', String(numWorkers)], { folder });
  url = await server.listening();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Connections are handed out in turn: so many meet each worker. */
async function connectToAll(): Promise<Centrifuge[]> {
  return Promise.all(
    Array.from({ length: numWorkers * 3 }, async () => {
      const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
      clients.push(client);
      client.connect();
      await client.ready(20_000);
      return client;
    }),
  );
}

/** What becomes of an attempt: `in`, or the code of its refusal. */
function subscribe(client: Centrifuge, channel: string): Promise<'in' | number> {
  const before = client.getSubscription(channel);
  if (before !== null) client.removeSubscription(before);
  const subscription: Subscription = client.newSubscription(channel);
  return new Promise((resolve) => {
    subscription.on('subscribed', () => resolve('in'));
    subscription.on('unsubscribed', ({ code }) => resolve(code));
    subscription.subscribe();
  });
}

const outcomes = async (all: readonly Centrifuge[], channel: string) =>
  new Set(await Promise.all(all.map((client) => subscribe(client, channel))));

async function metric(name: string): Promise<number> {
  const [, internal = ''] = await server.seen('stdout', /API on (\S+)/);
  const text = await (await fetch(`${internal}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1),
  );
}

test('a new rule is there at all workers, nobody is cut, and the one line about it is one', async () => {
  const all = await connectToAll();
  expect(await outcomes(all, 'news')).toEqual(new Set(['in']));
  expect(await outcomes(all, 'chat:1')).toEqual(new Set([102]));
  const cut: string[] = [];
  for (const client of all) client.on('connecting', () => cut.push('connecting'));
  for (const client of all) client.getSubscription('news')?.on('subscribing', () => cut.push('subscribing'));
  write('  "chat:{room}": { subscribe: anyone }');
  server.signal('SIGHUP');
  expect((await reloaded(server)).changed).toEqual(['channels → chat:{room} (new)']);
  expect(await outcomes(all, 'chat:1')).toEqual(new Set(['in']));
  expect(cut).toEqual([]);
  expect(server.stderr.match(/configuration reloaded/g)).toHaveLength(1);
  expect(await metric('fanfare_config_reloads_total{outcome="ok"}')).toBe(1);
});

test('what is wrong changes nothing at any worker; a worker that replaces another has what is in force, not what is in the file', async () => {
  write('  "chat:{room}": { subscribe: anyone }\n  "{bad": { subscribe: anyone }');
  server.signal('SIGHUP');
  expect(await refused(server)).toEqual([expect.stringContaining('{bad')]);
  // Nothing in the file is wrong by itself: it is the channels' table that refuses such a pattern.
  write('  "chat:{room}": { subscribe: anyone }\n  "42": { subscribe: anyone }');
  server.signal('SIGHUP');
  expect(await refused(server, 2)).toEqual([expect.stringContaining('"42"')]);
  expect(await metric('fanfare_config_reloads_total{outcome="failed"}')).toBe(2);
  const { pid } = server.child;
  const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  process.kill(Number(first), 'SIGKILL');
  await server.seen('stderr', /a worker has died and is replaced/);
  await server.seen('stderr', new RegExp(`("msg":"listening"[^]*){${numWorkers + 1}}`));
  expect(await outcomes(await connectToAll(), 'chat:1')).toEqual(new Set([102]));
  write('  "chat:{room}": { subscribe: anyone }');
  server.signal('SIGHUP');
  await reloaded(server, 3);
  expect(await outcomes(await connectToAll(), 'chat:1')).toEqual(new Set(['in']));
});
