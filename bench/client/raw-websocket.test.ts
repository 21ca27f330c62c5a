/** The raw reader on bytes that are split at every place. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RawWebSocket } from './raw-websocket.mjs';

const UPGRADED = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');

let server: Server;
let client: RawWebSocket | null = null;

/** An unmasked text frame (RFC 6455, 5.2). */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}

/** Connects, lets the server write the chunks one read at a time, and returns what the client has read. */
async function readChunks(chunks: Buffer[]): Promise<{ texts: string[]; end: string }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  const texts: string[] = [];
  const accepted = once(server, 'connection');
  const ended = new Promise<string>((resolve) => {
    client = new RawWebSocket(
      { host: '127.0.0.1', port: address.port, path: '/', localAddress: undefined },
      Buffer.alloc(65_536),
      { onOpen() {}, onText: (bytes, from, to) => texts.push(bytes.toString('utf8', from, to)), onEnd: resolve },
    );
  });
  const [socket] = (await accepted) as [Socket]; // safe: net.Server's 'connection' has one argument
  socket.setNoDelay(true);
  for (const chunk of chunks) await new Promise((resolve) => socket.write(chunk, resolve));
  socket.end();
  return { texts, end: await ended };
}

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  client?.destroy();
  server.close();
});

it('reads messages of both lengths from one chunk, handshake included', async () => {
  const long = 'x'.repeat(300);
  const { texts } = await readChunks([Buffer.concat([UPGRADED, textFrame('one'), textFrame(long), textFrame('two')])]);
  expect(texts).toEqual(['one', long, 'two']);
});

it('reads messages that arrive byte by byte', async () => {
  const bytes = Buffer.concat([UPGRADED, textFrame('one'), textFrame('y'.repeat(130))]);
  const { texts } = await readChunks(Array.from(bytes, (byte) => Buffer.from([byte])));
  expect(texts).toEqual(['one', 'y'.repeat(130)]);
});

it('says why the server closed', async () => {
  const { end } = await readChunks([UPGRADED, Buffer.from([0x88, 2, 0x0b, 0xc2])]);
  expect(end).toContain('3010');
});

it('says when the handshake was refused', async () => {
  const { end } = await readChunks([Buffer.from('HTTP/1.1 503 Service Unavailable\r\n\r\n')]);
  expect(end).toContain('503');
});
