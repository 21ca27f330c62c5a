/** docs/guide/hooks.md, followed from its first secret to the library; its signatures are checked in every language. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { HookedServer } from '../hooks/hooked-server.js';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { pythonIsMissing } from '../support/programs/python.js';
import { blocksOf, readPage } from './page.js';
import { curlIsMissing, Reader } from './terminals.js';

const path = 'docs/guide/hooks.md';

/** Languages that are not on every machine. */
function isMissing(program: string): boolean {
  return !(process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

test.skipIf(curlIsMissing())('every command of the page does what the page says', { timeout: 240_000 }, async () => {
  await using reader = await Reader.start();
  // The first time Go compiles its own library, too, which may take minutes.
  const compile = async () => {
    await promisify(execFile)('go', ['build', '-o', 'verify', 'verify.go'], { cwd: reader.folder });
  };
  await reader.follow(path, {
    leaveOut: [
      ...(pythonIsMissing() ? ['python'] : []),
      ...(isMissing('php') ? ['php'] : []),
      ...(isMissing('go') ? ['go'] : []),
    ],
    before: { go: compile },
  });
});

/** The same, with whatever stands for `…` on the page. */
function like(shown: unknown): unknown {
  if (shown === '…' || typeof shown === 'number') return expect.anything();
  if (Array.isArray(shown)) return shown.map(like);
  if (typeof shown !== 'object' || shown === null) return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, like(value)]));
}

test('requests and answers are as the page shows them', async () => {
  const shown = blocksOf(readPage(path))
    .filter(({ language }) => language === 'jsonc')
    .map(({ text }) => JSON.parse(text));
  const [connectRequest, connectAnswer, subscribeAnswer, notification] = shown;
  await using server = await HookedServer.start({
    channels: { news: { subscribe: 'hook', presence: true } },
    hooks: { connect: '/connect', subscribe: '/subscribe', events: '/events', eventTypes: ['disconnected'] },
  });
  server.backend
    .on('/connect', () => ({ result: { ...connectAnswer.result, channels: [] } }))
    .on('/subscribe', () => subscribeAnswer)
    .on('/events', () => ({}));
  const client = server.client({ token: 's1', name: 'js', data: { room: 'lobby' } });
  const connected = nextEvent(client, 'connected');
  client.connect();
  expect((await connected).data).toEqual(connectAnswer.result.data);
  expect(server.backend.callsTo('/connect').map(({ body }) => body)).toEqual([like(connectRequest)]);
  const subscription = client.newSubscription('news');
  const subscribed = nextEvent(subscription, 'subscribed');
  subscription.subscribe();
  expect((await subscribed).data).toEqual(subscribeAnswer.result.data);
  expect((await subscription.presence()).clients).toEqual({});
  client.disconnect();
  const [{ body } = { body: undefined }] = await server.backend.waitFor('/events');
  expect(body).toEqual(like({ ...notification, node: '…', events: [{ ...notification.events[0], id: '…' }] }));
});
