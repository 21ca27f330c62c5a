/** Channels of bytes in the typed client, in both codecs. */

import { bytes, channel, fanfare } from 'fanfare';
import { connect } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { served } from '../support/servers/served.js';

const all = { subscribe: 'anyone', publish: 'anyone', history: { size: 10, read: 'anyone' } } as const;

function makeApp() {
  return fanfare({
    anonymous: true,
    channels: {
      'frames:{id}': channel({ ...all, message: bytes() }),
      'mixed:{id}': channel({ ...all, message: bytes({ base64: true }) }),
      'json:{id}': channel(all),
    },
  });
}
type App = ReturnType<typeof makeApp>;

const values = [new Uint8Array(), Uint8Array.of(0xff, 0), new TextEncoder().encode('{"a":1}')];

/** A client of the server at this address. */
function clientOf(url: string, codec?: typeof protobuf) {
  const client = connect<App>(url, { websocket: WebSocket, transports: ['websocket'], ...(codec && { codec }) });
  onTestFinished(() => client.close());
  return client;
}

describe.each([
  ['JSON', undefined, ['mixed:1']],
  ['protobuf', protobuf, ['mixed:1', 'frames:1']],
] as const)('in %s', (_, codec, names) => {
  test.each(names)('%s: bytes are published, delivered and read as they are', async (name) => {
    const { app, url } = await served(makeApp());
    const room = clientOf(url, codec).channel(name, { bytes: true });
    const messages = new Gathered<Uint8Array>();
    room.on('message', ({ data }) => messages.add(data));
    await room.ready();
    for (const value of values) await room.publish(value);
    await app.publish(name, Uint8Array.of(7));
    expect(await messages.atLeast(4)).toEqual([...values, Uint8Array.of(7)]);
    expect((await room.history()).messages.map(({ data }) => data)).toEqual([...values, Uint8Array.of(7)]);
    expect((await app.history(name)).publications.map(({ data }) => data)).toEqual([...values, Uint8Array.of(7)]);
  });

  test('data of other channels stays JSON', async () => {
    const { app, url } = await served(makeApp());
    const client = clientOf(url, codec);
    const room = client.channel('json:1');
    const messages = new Gathered<unknown>();
    room.on('message', ({ data }) => messages.add(data));
    await room.ready();
    await client.publish('json:1', { a: [1, null, 'ä'] });
    await app.publish('json:1', null);
    expect(await messages.atLeast(2)).toEqual([{ a: [1, null, 'ä'] }, null]);
  });
});

test('in JSON, a channel for protobuf alone is refused, and says why', async () => {
  const { url } = await served(makeApp());
  const room = clientOf(url).channel('frames:1', { bytes: true });
  await expect(room.ready()).rejects.toMatchObject({
    code: 'ERR_NOT_AVAILABLE',
    message: expect.stringContaining('Protobuf'),
  });
});

test('types: bytes have to be asked for', () => {
  const open = (client: ReturnType<typeof connect<App>>) => ({
    frames: client.channel('frames:1', { bytes: true }),
    // @ts-expect-error: without `bytes` it would get base64 in JSON
    bare: client.channel('frames:1'),
    json: client.channel('json:1'),
    publish: () => client.publish('frames:1', Uint8Array.of(1)),
    // @ts-expect-error: it is no Uint8Array
    publishText: () => client.publish('frames:1', 'AAAA'),
  });
  type Frames = Awaited<ReturnType<ReturnType<typeof open>['frames']['history']>>;
  expectTypeOf<Frames['messages'][number]['data']>().toEqualTypeOf<Uint8Array>();
});
