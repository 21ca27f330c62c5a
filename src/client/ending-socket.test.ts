/** Sockets that say nothing at their end, and those that do. */

import { createServer, type Server } from 'node:http';
import { WebSocket as Undici6 } from 'undici6';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer, WebSocket as Ws } from 'ws';
import { closed, listening } from '../../test/support/servers/local-server.js';
import type { WebSocketConstructor } from './connect-options.js';
import { endingSocket } from './ending-socket.js';

interface Handlers {
  onopen: unknown;
  onmessage: unknown;
  onerror: unknown;
  onclose: unknown;
  send(data: string): void;
  close(): void;
}

/** Opens one, and keeps what is heard of it. */
function open(websocket: WebSocketConstructor, url: string, onOpen: (socket: Handlers) => void = () => {}) {
  // safe: it is such a class
  const socket = new (endingSocket(websocket))(url) as Handlers;
  const events: string[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.onopen = () => {
      events.push('open');
      onOpen(socket);
    };
    socket.onmessage = ({ data }: { data: unknown }) => {
      events.push(`message ${data}`);
      socket.close();
    };
    socket.onerror = () => events.push('error');
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      events.push('close');
      resolve({ code, reason });
    };
  });
  return { events, closed };
}

describe.each<[string, WebSocketConstructor]>([
  // That of Node 22.
  ['undici 6', Undici6],
  ['ws', Ws],
  ...(globalThis.WebSocket === undefined
    ? []
    : [['this Node', globalThis.WebSocket] as [string, WebSocketConstructor]]),
])('a WebSocket of %s', (_, websocket) => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((_request, response) => response.writeHead(404).end());
    url = `ws://127.0.0.1:${await listening(server)}`;
  });
  afterEach(() => closed(server));

  test.each([401, 404, 503])('ends with 1006, once, when its handshake is answered with %i', async (status) => {
    server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
    const { events, closed } = open(websocket, url);
    expect(await closed).toEqual({ code: 1006, reason: '' });
    await new Promise((resolve) => server.close(resolve));
    expect(events).toEqual(['error', 'close']);
  });

  test('ends with 1006 when nobody listens there', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { events, closed } = open(websocket, url);
    expect(await closed).toEqual({ code: 1006, reason: '' });
    expect(events).toEqual(['error', 'close']);
  });

  test('is what it is otherwise: messages, and the code of the server', async () => {
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
    const echo = open(websocket, url, (socket) => socket.send('one'));
    await echo.closed;
    expect(echo.events).toEqual(['open', 'message one', 'close']);
    sockets.removeAllListeners('connection').on('connection', (socket) => socket.close(3501, 'bad request'));
    expect(await open(websocket, url).closed).toEqual({ code: 3501, reason: 'bad request' });
  });
});
