/** Bad inputs B75–B84: channel names that are no names, or pretend to be others. */

import { expect, it } from 'vitest';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { Oracle } from '../support/hardening/oracle.js';

const oracle = Oracle.ofFile();

const methods = ['subscribe', 'publish', 'history', 'presence', 'presence_stats'];

/** Every command that names a channel refuses these names with this code; only leaving is never refused. */
async function expectRefused(code: number, names: readonly string[], by: readonly string[] = methods): Promise<void> {
  await oracle.withstands(async () => {
    const client = await RawClient.connect(oracle.port);
    for (const channel of names) {
      for (const method of by) {
        const reply = await client.command(method, { channel, data: 1 });
        expect(errorCode(reply), `${method} ${JSON.stringify(channel.slice(0, 80))}`).toBe(code);
      }
      expect(await client.command('unsubscribe', { channel })).toHaveProperty('unsubscribe');
    }
    expect(await client.command('ping', {})).not.toHaveProperty('error');
    await client.close();
  }, names.length * by.length);
}

/** Each of these names is a channel of its own: what is published to one reaches nobody else. */
async function expectIsolated(names: readonly string[]): Promise<void> {
  await oracle.withstands(async () => {
    const subscriber = await RawClient.connect(oracle.port);
    const publisher = await RawClient.connect(oracle.port);
    for (const channel of names)
      expect(await subscriber.command('subscribe', { channel }), channel).toHaveProperty('subscribe');
    for (const channel of names)
      expect(await publisher.command('publish', { channel, data: channel }), channel).toHaveProperty('publish');
    await subscriber.command('ping', {});
    expect(subscriber.publications.map(({ channel, data }) => [channel, data])).toEqual(
      names.map((name) => [name, name]),
    );
    await subscriber.close();
    await publisher.close();
  }, 0);
}

it('B75 empty name → 107', () => expectRefused(107, ['']));

it('B76 over 255 bytes → 107, at 255 → a channel', async () => {
  await expectRefused(107, [
    `open:${'x'.repeat(251)}`,
    `open:${'é'.repeat(126)}`,
    `open:${'😀'.repeat(63)}`,
    `open:${'x'.repeat(50_000)}`,
  ]);
  await expectIsolated([`plain:${'x'.repeat(249)}`, `plain:${'é'.repeat(124)}y`]);
});

it('B77 control characters, CR/LF, NUL, bidi, lone surrogate → 107', async () => {
  const characters = ['\u0000', '\u0007', '\t', '\r\n', '\u001b[31m', '\u007f', '\u0085', '\u2028', '\u2029'];
  const hiding = ['\u202e', '\u200f', '\u2066', '\u200b', '\u2060', '\ufeff', '\ufff9', '\ud800', '\udfff\ud800'];
  await expectRefused(
    107,
    [...characters, ...hiding].flatMap((bad) => [`open:a${bad}b`]),
  );
});

it('B78 NFC/NFD twins → one policy, no bypass', async () => {
  await expectRefused(107, ['open:caf\u0065\u0301', 'open:\u1112\u1161\u11ab', 'open:\u212b']);
  await expectIsolated(['plain:caf\u00e9', 'plain:cafe']);
  // A rule that is closed is not opened by another spelling of its name.
  await expectRefused(103, ['closed:secret'], ['subscribe', 'publish']);
  await expectRefused(102, ['Closed:secret', 'closed :secret', '\uff43losed:secret'], ['subscribe', 'publish']);
});

it('B79 wildcards of NATS and AMQP are plain characters of a name', async () => {
  await expectIsolated([
    'plain:a',
    'plain:*',
    'plain:>',
    'plain:#',
    'plain:a.b',
    'plain:a.*',
    'plain:a.>',
    'plain: ',
    'plain:a b',
    'plain:**',
  ]);
});

it('B80 hash tags, colons and prefixes of Redis are plain characters of a name', async () => {
  await expectIsolated([
    'plain:{a}',
    'plain:{a}:b',
    'plain:{}',
    'plain:a:b',
    'plain:a::b',
    'plain::',
    'plain:fanfare:stream',
  ]);
});

it('B81 internal channel name → 103', async () => {
  await expectRefused(103, ['@fanfare:control', '@fanfare:', '@fanfare:x:y']);
  await expectRefused(102, ['@Fanfare:control', '\uff20fanfare:control'], ['subscribe', 'publish']);
});

it('B82 unknown channel rule → 102', () =>
  expectRefused(102, ['unknown:x', 'plain:', 'open:', 'closed:a:b', ':', '::']));

it('B83 __proto__, constructor → ordinary names', async () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'];
  await expectIsolated([...names, ...names.map((name) => `plain:${name}`)]);
});

oracle.attack('B83 … with history and presence', 0, async () => {
  const client = await RawClient.connect(oracle.port);
  for (const channel of ['open:__proto__', 'open:constructor']) {
    expect(await client.command('subscribe', { channel, recover: true, offset: 0, epoch: '' })).toHaveProperty(
      'subscribe',
    );
    expect(await client.command('publish', { channel, data: 1 })).toHaveProperty('publish');
    const history = await client.command('history', { channel, limit: 10 });
    expect(history).toMatchObject({ history: { offset: 1, publications: [{ data: 1, offset: 1 }] } });
    expect(await client.command('presence_stats', { channel })).toMatchObject({ presence_stats: { num_clients: 1 } });
  }
  await client.close();
});

it('B84 a rule that would be a ReDoS pattern stands for its own characters', async () => {
  await expectRefused(102, ['aaaaaaaa:x', `${'a'.repeat(200)}!:x`], ['subscribe']);
  await expectIsolated(['(a+)+$:x', '(a+)+$:a']);
});
