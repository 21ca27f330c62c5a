/** Frames with a dictionary, read by the protocol's own package for Go, in both codecs. No SDK reads them yet. */

import { channel, fanfare } from 'fanfare';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { goIsMissing, goProgram } from '../support/programs/go.js';
import { served } from '../support/servers/served.js';

describe.skipIf(goIsMissing())('github.com/centrifugal/protocol', () => {
  let read: (...args: string[]) => Promise<string>;
  beforeAll(async () => {
    read = await goProgram('test/clients/dictionary');
  }, 120_000);

  test.each([
    ['json', '{"id":1,"connect":{"flag":1}}'],
    // Command { id: 1, connect: { flag: 1 } }
    ['protobuf', Buffer.from('060801220238 01'.replaceAll(' ', ''), 'hex')],
  ])('reads what the server writes in %s', async (codec, command) => {
    const message = z.object({ symbol: z.string(), bid: z.number() });
    const app = fanfare({
      auth: () => ({ user: 'ada', channels: ['prices:fx'] }),
      channels: { 'prices:{market}': channel({ message, subscribe: 'anyone' }) },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const { url } = await served(app, { deflate: { dictionary: true } });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, [`centrifuge-${codec}`]);
    onTestFinished(() => socket.terminate());
    const frames = new Gathered<string>();
    socket.on('message', (bytes: Buffer) => frames.add(bytes.toString('base64')));
    socket.on('open', () => socket.send(command));
    await frames.atLeast(1);
    const all = Array.from({ length: 5 }, (_, n) => ({ symbol: 'x'.repeat(n * 40), bid: n }));
    for (const [n, data] of all.entries()) {
      await app.publish('prices:fx', data);
      await frames.atLeast(n + 2);
    }
    const { flag, same, data } = JSON.parse(await read(codec, ...frames.items));
    expect({ flag, same }).toEqual({ flag: 1, same: true });
    expect(data.map((text: string) => JSON.parse(text))).toEqual(all);
  });
});
