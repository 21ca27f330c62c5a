/**
 * What a client asks for does not make it slow. Once, a client whose recovery was larger than limits.maxQueueBytes was
 * closed with 3008, came back, asked for the same and was closed again, for ever.
 */

import { describe, expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const maxQueueBytes = 4_000;
const text = trustedJsonText(`"${'x'.repeat(100)}"`);

async function nodeWith(numPublications: number, channels = ['a:1']): Promise<EngineNode> {
  const node = await EngineNode.start({
    channels: {
      'a:{x}': channel({ subscribe: 'anyone', history: { size: 1_000, read: 'anyone' }, presence: 'anyone' }),
    },
    limits: { maxQueueBytes, pingIntervalMs: 0 },
  });
  for (const name of channels) for (let i = 0; i < numPublications; i++) await node.operations.publish(name, text, {});
  return node;
}

/** From now on the peer takes what was written only when the returned function is called. */
function hold({ connection }: EngineClient): () => void {
  const write = connection.write.bind(connection);
  connection.write = (bytes) => {
    connection.bufferedBytes += bytes.length;
    write(bytes);
  };
  return () => {
    connection.bufferedBytes = 0;
  };
}

const fromTheStart = (name: string) => ({ channel: name, recover: true, offset: 0, epoch: '' });

describe('a recovery', () => {
  test('G4: that is larger than the queue is told as unrecoverable, and what comes after it is delivered', async () => {
    const node = await nodeWith(60);
    const client = await node.connect();
    expect(await client.command('subscribe', fromTheStart('a:1'))).toMatchObject({ offset: 60 });
    expect(await client.command('subscribe', fromTheStart('a:1'))).toBe(105);
    const reply = client.messages.find((message) => message.subscribe !== undefined);
    expect(reply?.subscribe).not.toHaveProperty('recovered');
    expect(reply?.subscribe).toMatchObject({ was_recovering: true });
    await node.operations.publish('a:1', text, {});
    await node.clock.settle();
    expect(client.pushes('pub')).toEqual([expect.objectContaining({})]);
    expect(client.closeCode).toBeUndefined();
  });

  test('G4 G11: of several channels, each of which fits, all come, one after the other as the peer takes them', async () => {
    const names = ['a:1', 'a:2', 'a:3', 'a:4'];
    const node = await nodeWith(15, names);
    const client = await node.connect();
    const release = hold(client);
    for (const name of names) client.send('subscribe', fromTheStart(name));
    for (let i = 0; i < 10; i++) {
      await node.clock.advance(50);
      expect(client.connection.bufferedBytes).toBeLessThanOrEqual(maxQueueBytes);
      release();
    }
    const recovered = client.messages.filter((message) => message.subscribe !== undefined);
    expect(recovered.map(({ subscribe }) => subscribe)).toEqual(
      names.map(() => expect.objectContaining({ recovered: true, publications: Array(15).fill(expect.anything()) })),
    );
    expect(client.closeCode).toBeUndefined();
    await node.close();
    expect(node.clock.numTimers).toBe(0);
  });

  test('G4: with the connection itself, the largest is forgone and the others are recovered', async () => {
    const node = await nodeWith(20, ['a:1']);
    for (let i = 0; i < 5; i++) await node.operations.publish('a:2', text, {});
    for (let i = 0; i < 30; i++) await node.operations.publish('a:3', text, {});
    const client = node.open();
    const since = { recover: true, offset: 0, epoch: '' };
    const result = await client.command('connect', {
      token: JSON.stringify({ sub: 'ann', channels: ['a:1', 'a:2', 'a:3'] }),
      subs: { 'a:1': since, 'a:2': since, 'a:3': since },
    });
    expect(result).toMatchObject({
      subs: { 'a:1': { recovered: true }, 'a:2': { recovered: true }, 'a:3': { was_recovering: true } },
    });
    expect(result).not.toMatchObject({ subs: { 'a:3': { recovered: true } } });
    expect(client.closeCode).toBeUndefined();
  });
});

describe('a reply', () => {
  test('G11: that is larger than the queue is refused with 106, and the connection stays', async () => {
    const large = await EngineNode.start({
      channels: { 'a:{x}': channel({ subscribe: 'anyone', history: { size: 1_000, read: 'anyone' } }) },
      limits: { maxQueueBytes: 20_000 },
    });
    for (let i = 0; i < 300; i++) await large.operations.publish('a:1', text, {});
    const client = await large.connect();
    expect(await client.command('history', { channel: 'a:1', limit: -1 })).toBe(106);
    expect(await client.command('history', { channel: 'a:1', limit: 50 })).toMatchObject({ offset: 300 });
    expect(client.closeCode).toBeUndefined();
  });
});
