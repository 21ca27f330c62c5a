/** The refusals of docs/guide/channels.md and its table of patterns, one by one against a running server. */

import { channel, fanfare, rpc } from 'fanfare';
import { type Client, type ClientError, connect } from 'fanfare/client';
import { afterAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { ChannelPattern } from '../../src/engine/names/channel-pattern.js';
import type { ChannelName } from '../../src/model/channel-name.js';
import { readPage } from './page.js';

const page = readPage('docs/guide/channels.md');

/** Rows of the first table behind a text, as cells without code marks. */
function tableAfter(text: string): string[][] {
  const table = /^\|[\s\S]*?(?=\n\n|$(?![\s\S]))/m.exec(page.slice(page.indexOf(text)))?.[0] ?? '';
  const rows = table.split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  );
}

const app = fanfare({
  auth: ({ token = null }) => ({ user: token }),
  channels: {
    'open:{x}': channel({ subscribe: 'anyone', publish: 'anyone' }),
    'closed:{x}': channel(),
    'typed:{x}': channel({ subscribe: 'anyone', publish: 'anyone', message: z.object({ text: z.string() }) }),
    'kept:{x}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 1 }, maxMessageBytes: 100 }),
    'own:{x}': channel({ subscribe: 'user', userLimited: true }),
    'team:{x}': channel({ subscribe: () => ({ error: { code: 1001, message: 'not in this team' } }) }),
  },
  rpc: { known: rpc({ run: () => 1 }) },
  limits: { maxChannelsPerConnection: 2, publicationsPerSec: 1 },
});

const { url } = await app.listen(0);
afterAll(() => app.close(0));

const attempts: Record<string, (client: Client) => Promise<unknown>> = {
  'uses a channel that no rule matches': (client) => client.channel('nowhere').ready(),
  'subscribes or publishes without permission': (client) => client.publish('closed:a', 1),
  'subscribes to a channel of another user': (client) => client.channel('own:mail#41').ready(),
  'calls a procedure that does not exist': (client) => client.rpc('unknown', null),
  async 'subscribes to one channel too many'(client) {
    for (const name of ['open:1', 'open:2', 'open:3']) await client.channel(name).ready();
  },
  'uses a name that is none': (client) => client.publish('open:\u0000', 1),
  'publishes what does not match the schema': (client) => client.publish('typed:a', { txt: 'hello' }),
  'publishes a message that is too large': (client) => client.publish('kept:a', 'x'.repeat(100)),
  'reads the history of a channel that keeps none': (client) => client.channel('open:a').history(),
  'asks for presence where it is not kept': (client) => client.channel('open:a').presence(),
  async 'publishes faster than it may'(client) {
    await Promise.all(Array.from({ length: 20 }, () => client.publish('open:a', 1)));
  },
  async 'reads the history from a position that is gone'(client) {
    for (const data of [1, 2, 3]) await app.publish('kept:b', data);
    const { epoch } = await app.history('kept:b');
    await client.channel('kept:b').history({ since: { offset: 1, epoch } });
  },
  'is refused by your function with { error: { code: 1001, … } }': (client) => client.channel('team:a').ready(),
};

const refusals = tableAfter('<!-- refusals');

test('every refusal of the page is tried', () =>
  expect(refusals.map(([attempt]) => attempt).sort()).toEqual(Object.keys(attempts).sort()));

it.each(refusals)('whoever %s gets %s, %s', async (attempt = '', code, protocolCode) => {
  const client = connect(url.replace('http', 'ws'), { token: '42', websocket: WebSocket });
  onTestFinished(() => client.close());
  const error = await attempts[attempt]?.(client).then(
    () => undefined,
    (reason: ClientError) => reason,
  );
  expect({ code: error?.code, protocolCode: `${error?.protocolCode}` }).toEqual({ code, protocolCode });
});

describe('the patterns of the page', () => {
  it.each(tableAfter('| pattern | matches'))('%s matches %s and not %s', (pattern = '', matching = '', others = '') => {
    const compiled = new ChannelPattern(pattern);
    const matches = (names: string) =>
      names.split(', ').map((name) => compiled.match(name as ChannelName) !== undefined);
    expect(new Set(matches(matching))).toEqual(new Set([true]));
    expect(new Set(matches(others))).toEqual(new Set([false]));
  });
});
