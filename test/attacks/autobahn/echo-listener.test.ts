/** The endpoint that Autobahn attacks says what it is told, in whatever form, and answers pings before what follows them. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EchoListener } from './echo-listener.js';

const texts = ['', 'é😀', 'x'.repeat(70_000), 'y'.repeat(300_000)];

test.each([false, true])('B36: messages come back as they were, with compression: %s', async (perMessageDeflate) => {
  await using listener = await EchoListener.start();
  const socket = new WebSocket(listener.address, { perMessageDeflate: perMessageDeflate && { threshold: 0 } });
  await once(socket, 'open');
  expect(socket.extensions.includes('permessage-deflate')).toBe(perMessageDeflate);
  const heard: string[] = [];
  const last = new Promise<void>((resolve) => {
    socket.on('message', (data, isBinary) => {
      heard.push(`${isBinary ? 'bytes' : 'text'} ${data.toString()}`);
      if (heard.length === 2 * texts.length + 3) resolve();
    });
  });
  socket.on('pong', (data) => heard.push(`pong ${data}`));
  for (const text of texts) {
    socket.send(text);
    socket.send(Buffer.from(text));
  }
  for (const text of ['1', '2']) socket.ping(text);
  socket.send('behind them');
  await last;
  const messages = texts.flatMap((text) => [`text ${text}`, `bytes ${text}`]);
  expect(heard.filter((one) => !one.startsWith('pong'))).toEqual([...messages, 'text behind them']);
  // Control frames may overtake compressed messages, and never what follows them.
  expect(heard.filter((one) => one.startsWith('pong'))).toEqual(['pong 1', 'pong 2']);
  expect(heard.at(-1)).toBe('text behind them');
  const closed = once(socket, 'close');
  socket.close(1000, 'done');
  expect((await closed)[0]).toBe(1000);
});
